import { hkdfSync } from 'node:crypto'

/** One key for each purpose, derived from the one configured secret (RFC 5869), so that none can stand in for another. */
export function deriveKey (secret: string, purpose: 'cursor' | 'one-time-code' | 'login-throttle'): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `tasklane:${purpose}`, 32))
}

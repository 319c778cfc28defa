import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'

/** One key for each purpose, derived from the one configured secret (RFC 5869), so that none can stand in for another. Made ready for use once: bytes would be for each use. */
export function deriveKey (secret: string, purpose: 'cursor' | 'one-time-code' | 'login-throttle'): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', `tasklane:${purpose}`, 32)))
}

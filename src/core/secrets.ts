import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'

/** The secret that signs, and any whose signatures are taken as well, so that one can be replaced without anybody noticing. */
export type Secrets = readonly [current: string, ...accepted: string[]]
/** Of one purpose, in the same order. */
export type HmacKeys = readonly [current: KeyObject, ...accepted: KeyObject[]]

/** One key for each purpose, derived from each configured secret (RFC 5869), so that none can stand in for another. Made ready for use once: bytes would be for each use. */
export function deriveKeys(
  secrets: Secrets,
  purpose: 'cursor' | 'one-time-code' | 'login-throttle'
): HmacKeys {
  const keyOf = (secret: string) =>
    createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', `tasklane:${purpose}`, 32)))
  const [current, ...accepted] = secrets
  return [keyOf(current), ...accepted.map(keyOf)]
}

import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'

/**
 * The secret that signs, and others whose signatures are still accepted, so that it can be rotated without
 * downtime.
 */
export type Secrets = readonly [current: string, ...accepted: string[]]
/** The keys of one purpose, in the same order. */
export type HmacKeys = readonly [current: KeyObject, ...accepted: KeyObject[]]

/** Derives one key per purpose from each secret (RFC 5869), so that no key can be used for another purpose. */
export function deriveKeys(
  secrets: Secrets,
  purpose: 'cursor' | 'one-time-code' | 'login-throttle' | 'webhook-secret'
): HmacKeys {
  // Key objects, since raw bytes would be imported again at each use.
  const deriveKey = (secret: string) =>
    createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', `tasklane:${purpose}`, 32)))
  const [current, ...accepted] = secrets
  return [deriveKey(current), ...accepted.map(deriveKey)]
}

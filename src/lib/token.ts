import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/** Generates 256 random bits as 43 characters of base64url. */
export const randomToken = (): string => randomBytes(32).toString('base64url')

/** Hashes a token for storage (SHA-256, base64url). A random token needs no salt and no slow hash. */
export const hashToken = (token: string): string =>
  createHash('sha256').update(token).digest('base64url')

const BEARER = /^bearer +(\S+)$/i

/**
 * Returns true for an Authorization header with this token. Compares hashes in constant time, so that the response
 * time reveals nothing about the token.
 */
export const bearsToken = (authorization: string | undefined, token: string): boolean =>
  timingSafeEqual(
    Buffer.from(hashToken(BEARER.exec(authorization ?? '')?.[1] ?? '')),
    Buffer.from(hashToken(token))
  )

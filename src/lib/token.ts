import { createHash, randomBytes } from 'node:crypto'

/** Generates 256 random bits as 43 characters of base64url. */
export const randomToken = (): string => randomBytes(32).toString('base64url')

/** Hashes a token for storage (SHA-256, base64url). A random token needs no salt and no slow hash. */
export const hashToken = (token: string): string =>
  createHash('sha256').update(token).digest('base64url')

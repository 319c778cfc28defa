import { createPasswords, type Passwords } from '../../src/core/passwords.ts'

/**
 * Hashes of argon2id that cost next to nothing: most tests sign up several people, and are not about the cost of
 * guessing. Those that are use createPasswords().
 */
export const quickPasswords = (): Passwords =>
  createPasswords({ memoryCost: 64, timeCost: 2, parallelism: 1 })

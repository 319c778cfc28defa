import { randomBytes } from 'node:crypto'
import { availableParallelism } from 'node:os'
import argon2 from 'argon2'
import {
  createConcurrencyLimit,
  QueueFullError,
  type QueueStats
} from '../lib/concurrency-limit.ts'
import { unavailable } from './problem.ts'

/** What argon2id takes for a hash: KiB of memory, passes over it, and threads. */
export interface HashCost {
  memoryCost: number
  timeCost: number
  parallelism: number
}

/**
 * The second argon2id choice of the OWASP Password Storage Cheat Sheet. With the library's default of 64 MiB, parallel
 * logins could exhaust the memory.
 */
const COST: HashCost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }
/** A stored hash may cost up to this many times as much as a new one; a costlier one may be an attack. */
const MAX_COST_FACTOR = 2
const HASH =
  /^\$argon2id\$v=19\$([mtp]=\d{1,10}(?:,[mtp]=\d{1,10}){2})\$[A-Za-z0-9+/]{11,88}\$[A-Za-z0-9+/]{22,88}$/
/** Node's thread pool has four threads; two stay free for files and DNS lookups. */
const SLOTS = Math.max(1, Math.min(availableParallelism(), 2))
const QUEUE = 64
const WAIT_MS = 2000

/**
 * What passwords are checked for. Each kind has its share of the queue, so that a crowd of one cannot keep out another:
 * above all, logins from networks that have logged in to the account before.
 */
export type PasswordWork = 'known_login' | 'login' | 'other'

export interface Passwords {
  /** Hashes a password when a slot is free; throws 503 when the queue is full. */
  hash(password: string): Promise<string>
  /**
   * Returns true when the password is correct. Without a hash it takes as long and returns false, so that unknown
   * accounts cannot be told from known ones.
   */
  verify(hash: string | null | undefined, password: string, kind?: PasswordWork): Promise<boolean>
  /** Returns true for a hash that costs less than new ones. */
  needsRehash(hash: string): boolean
  /** Statistics of the queue for hashing. */
  queueStats(): QueueStats
}

/** Hashes and verifies passwords with argon2id, a few at a time. */
export function createPasswords(cost = COST): Passwords {
  const limit = createConcurrencyLimit({ slots: SLOTS, queue: QUEUE, waitMs: WAIT_MS })
  const withLimit = async <T>(work: () => Promise<T>, kind: PasswordWork = 'other'): Promise<T> =>
    limit(work, kind).catch((error) => {
      throw error instanceof QueueFullError
        ? unavailable('Too many sign-ins at the same time. Try again shortly.', 2, error)
        : error
    })
  const dummy = hashOfNothing(cost)
  const options = { ...cost, type: argon2.argon2id } as const
  return {
    hash: (password) => withLimit(() => argon2.hash(password, options)),
    verify: async (hash, password, kind) => {
      const isAcceptable = hash != null && hasAcceptableCost(hash)
      return (
        (await withLimit(() => argon2.verify(isAcceptable ? hash : dummy, password), kind)) &&
        isAcceptable
      )
    },
    needsRehash: (hash) => hasAcceptableCost(hash) && argon2.needsRehash(hash, options),
    queueStats: limit.stats
  }
}

/** Returns a hash that no password has, at the cost of new ones and without waiting for one. */
function hashOfNothing({ memoryCost, timeCost, parallelism }: HashCost): string {
  const random = (bytes: number) => randomBytes(bytes).toString('base64').replace(/=+$/, '')
  return `$argon2id$v=19$m=${memoryCost},t=${timeCost},p=${parallelism}$${random(16)}$${random(32)}`
}

/** Returns false also for text that is no hash of ours. Versions of the library differ in the order of parameters. */
function hasAcceptableCost(hash: string): boolean {
  const [, list = ''] = HASH.exec(hash) ?? []
  const {
    m = Infinity,
    t = Infinity,
    p = Infinity
  }: Record<string, number> = Object.fromEntries(
    list.split(',').map((pair) => [pair[0], Number(pair.slice(2))])
  )
  return (
    m <= MAX_COST_FACTOR * COST.memoryCost &&
    t <= MAX_COST_FACTOR * COST.timeCost &&
    p <= MAX_COST_FACTOR * COST.parallelism
  )
}

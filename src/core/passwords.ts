import { availableParallelism } from 'node:os'
import argon2 from 'argon2'
import {
  createConcurrencyLimit,
  QueueFullError,
  type QueueStats
} from '../lib/concurrency-limit.ts'
import { unavailable } from './problem.ts'

/** OWASP Password Storage Cheat Sheet, second argon2id choice. The library's own defaults (64 MiB) would be a memory attack in waiting. */
const COST = { type: argon2.argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const
/** A stored hash may be up to this many times as dear as a new one; beyond, somebody has put it there to hurt. */
const MAX_COST_FACTOR = 2
const HASH =
  /^\$argon2id\$v=19\$([mtp]=\d{1,10}(?:,[mtp]=\d{1,10}){2})\$[A-Za-z0-9+/]{11,88}\$[A-Za-z0-9+/]{22,88}$/
/** Node's thread pool has four threads; two stay free for files and name look-ups. */
const SLOTS = Math.max(1, Math.min(availableParallelism(), 2))
const QUEUE = 64
const WAIT_MS = 2000

export interface Passwords {
  /** Hashes behind the gate; a full queue is a 503. */
  hash(password: string): Promise<string>
  /** True when the password is right. Without a hash it costs the same and is false: unknown accounts look like known ones. */
  verify(hash: string | null | undefined, password: string): Promise<boolean>
  /** True for a hash that is cheaper than those we make now. */
  needsRehash(hash: string): boolean
  /** How the gate before the hashing fares. */
  queueStats(): QueueStats
}

export async function createPasswords(): Promise<Passwords> {
  const gate = createConcurrencyLimit({ slots: SLOTS, queue: QUEUE, waitMs: WAIT_MS })
  const guarded = async <T>(work: () => Promise<T>): Promise<T> =>
    gate(work).catch((error) => {
      throw error instanceof QueueFullError
        ? unavailable('Too many sign-ins at this moment. Try again shortly.', 2, error)
        : error
    })
  const dummy = await argon2.hash('nobody has this password', COST)
  return {
    hash: (password) => guarded(() => argon2.hash(password, COST)),
    verify: async (hash, password) => {
      const payable = hash != null && hasAcceptableCost(hash)
      return (await guarded(() => argon2.verify(payable ? hash : dummy, password))) && payable
    },
    needsRehash: (hash) => hasAcceptableCost(hash) && argon2.needsRehash(hash, COST),
    queueStats: gate.stats
  }
}

/** False also for what is no hash of ours at all. The order of the parameters differs between versions of the library. */
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

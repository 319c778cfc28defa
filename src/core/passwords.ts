import { availableParallelism } from 'node:os'
import argon2 from 'argon2'
import { createGate, GateBusy } from '../lib/gate.ts'
import { unavailable } from './problem.ts'

/** OWASP Password Storage Cheat Sheet, second argon2id choice. The library's own defaults (64 MiB) would be a memory attack in waiting. */
const COST = { type: argon2.argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const
/** Node's thread pool has four threads; two stay free for files and name look-ups. */
const SLOTS = Math.max(1, Math.min(availableParallelism(), 2))
const QUEUE = 64
const WAIT_MS = 2000

export interface Passwords {
  /** Hashes behind the gate; a full queue is a 503. */
  hash (password: string): Promise<string>
  /** True when the password is right. Without a hash it costs the same and is false: unknown accounts look like known ones. */
  verify (hash: string | null | undefined, password: string): Promise<boolean>
  needsRehash (hash: string): boolean
}

export async function createPasswords (): Promise<Passwords> {
  const gate = createGate({ slots: SLOTS, queue: QUEUE, waitMs: WAIT_MS })
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => gate(work).catch((error) => {
    throw error instanceof GateBusy ? unavailable('Too many sign-ins at this moment. Try again shortly.', 2, error) : error
  })
  const dummy = await argon2.hash('nobody has this password', COST)
  return {
    hash: (password) => guarded(() => argon2.hash(password, COST)),
    verify: async (hash, password) => await guarded(() => argon2.verify(hash ?? dummy, password)) && typeof hash === 'string',
    needsRehash: (hash) => argon2.needsRehash(hash, COST)
  }
}

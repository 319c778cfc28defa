import { setTimeout as pause } from 'node:timers/promises'
import type { Db } from './client.ts'
import { failureOf } from './failures.ts'

const MAX_TRIES = 3
const MIN_PAUSE_MS = 10
const MAX_PAUSE_MS = 100

/**
 * Runs `work` in one transaction. Serialization failures and deadlocks repeat the whole of it, at most three times
 * with a random pause, so `work` must have no effect beyond the database. Use only the `tx` that it is given.
 */
export const transact = <T>(db: Db, work: (tx: Db) => Promise<T>): Promise<T> =>
  repeating(() => db.transaction((tx) => work(tx as unknown as Db)))

/** The same for a single statement, which is a transaction of its own: one round trip instead of three. */
export async function repeating<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (attempt >= MAX_TRIES || failureOf(error) !== 'repeat') {
        throw error
      }
      await pause(MIN_PAUSE_MS + Math.random() * (MAX_PAUSE_MS - MIN_PAUSE_MS))
    }
  }
}

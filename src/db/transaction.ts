import { setTimeout as pause } from 'node:timers/promises'
import { inheritDistribution } from './citus/distribution.ts'
import type { Db } from './client.ts'
import { classifyDbError } from './errors.ts'

const MAX_TRIES = 3
const MIN_PAUSE_MS = 10
const MAX_PAUSE_MS = 100

/** Work that a change requires outside the database, such as dropping a cache entry or sending an email. */
export type Effect = () => void

/** A transaction. Inside it use only this object: the database behind it would wait for it, embedded for ever. */
export type Tx = Db & {
  /**
   * Runs `effect` once after COMMIT, in the order of registration and before `withTransaction` returns. It is
   * dropped when the transaction is rolled back and when an attempt of it is repeated.
   */
  afterCommit(effect: Effect): void
}

/**
 * Runs `work` in one transaction. Serialization failures and deadlocks (SQLSTATE 40001, 40P01) repeat the whole of
 * it, at most three times with a random pause: effects outside the database belong in `tx.afterCommit`.
 */
export async function withTransaction<T>(db: Db, work: (tx: Tx) => Promise<T>): Promise<T> {
  const { result, effects } = await withRetries(async () => {
    const effects: Effect[] = []
    const result = await db.transaction((tx) => {
      inheritDistribution(db, tx)
      return work(Object.assign(tx, { afterCommit: (effect: Effect) => void effects.push(effect) }))
    })
    return { result, effects }
  })
  for (const effect of effects) {
    runEffect(effect)
  }
  return result
}

/** Runs `work` in `tx`, or in a transaction of its own when there is none. */
export const joinTransaction = <T>(
  db: Db,
  tx: Tx | undefined,
  work: (tx: Tx) => Promise<T>
): Promise<T> => (tx ? work(tx) : withTransaction(db, work))

/** Reports an effect that fails instead of throwing: the change is committed, and other effects must still run. */
function runEffect(effect: Effect): void {
  try {
    effect()
  } catch (error) {
    process.emitWarning(error instanceof Error ? error : String(error))
  }
}

/**
 * Repeats `work` on serialization failures and deadlocks. For a single statement, which is a transaction by itself: one
 * round trip instead of three.
 */
export async function withRetries<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (attempt >= MAX_TRIES || classifyDbError(error) !== 'retryable') {
        throw error
      }
      await pause(MIN_PAUSE_MS + Math.random() * (MAX_PAUSE_MS - MIN_PAUSE_MS))
    }
  }
}

import type { Sql } from 'postgres'
import {
  createConcurrencyLimit,
  QueueFullError,
  type QueueStats
} from '../../lib/concurrency-limit.ts'
import { NotExecutedError, OutcomeUnknownError } from '../errors.ts'
import { withDeadline } from './deadline.ts'
import { type Call, type LazyQuery, withOverrides, wrapLazy } from './lazy-query.ts'
import { detectPreparedStatements } from './pooler.ts'
import { type Queue, runTransaction, STATEMENT_MS } from './transaction-timeout.ts'

/** Statements in progress on each connection: sent together they cost the driver less. */
const PIPELINE = 8
/** A limit for memory; at this length the last in the queue could not get a connection in time anyway. */
const MAX_WAITING = 5000

export interface TimeoutOptions {
  /** Number of connections. */
  pool: number
  /** How long work may wait for a free connection, and for the statements before it on that connection. */
  waitMs: number
}

/**
 * Limits every wait that postgres.js leaves open: for a free connection, for a frozen server, for one that is down. The
 * caller gets an error at the deadline; the slot in the queue is held until the driver has settled, so that work piles
 * up in the queue, where it costs nothing and can be rejected, and not inside the driver.
 */
export function withTimeouts(
  client: Sql,
  { pool, waitMs }: TimeoutOptions
): { client: Sql; queueStats: Record<'statements' | 'transactions', () => QueueStats> } {
  const statements = createQueue(pool * PIPELINE, waitMs)
  const transactions = createQueue(pool, waitMs)
  const unsafe = client.unsafe as unknown as Call<LazyQuery>
  const begin = client.begin as Call
  const whenDetected = detectPreparedStatements(client)
  const limited = withOverrides(client, {
    unsafe: (...args) => {
      // Never cancelled in the driver: a connection that was being opened for it would be lost to the pool.
      const LateError = /^\s*select\b/i.test(String(args[0]))
        ? NotExecutedError
        : OutcomeUnknownError
      return wrapLazy(unsafe(...args), (query) =>
        withDeadline(
          statements.run(() => whenDetected(() => query)),
          {
            ms: STATEMENT_MS,
            onLate: () => new LateError('the database did not respond in time'),
            waitMs,
            hasBegun: () => query.active,
            onWait: () => new LateError('no connection became free in time')
          }
        )
      )
    },
    begin: (...args) =>
      runTransaction(
        transactions.run,
        waitMs,
        (...call) => whenDetected(() => begin(...call)),
        args
      )
  })
  return {
    client: limited,
    queueStats: { statements: statements.stats, transactions: transactions.stats }
  }
}

function createQueue(slots: number, waitMs: number): { run: Queue; stats: () => QueueStats } {
  const limit = createConcurrencyLimit({ slots, queue: MAX_WAITING, waitMs })
  const run: Queue = (work) =>
    limit(work).catch((error) => {
      throw error instanceof QueueFullError
        ? new NotExecutedError('no connection became free in time', { cause: error })
        : error
    })
  return { run, stats: limit.stats }
}

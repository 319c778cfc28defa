import type { Sql } from 'postgres'
import {
  createConcurrencyLimit,
  QueueFullError,
  type QueueStats
} from '../../lib/concurrency-limit.ts'
import { classifyDbError, NotExecutedError, OutcomeUnknownError } from '../errors.ts'
import {
  type AnyFunction,
  type Call,
  type LazyQuery,
  withOverrides,
  wrapLazy
} from './lazy-query.ts'
import { detectPreparedStatements } from './pooler.ts'

/** Above the server's statement_timeout (3 s), so that a statement on the wire is ended by the server, never by us. */
const STATEMENT_MS = 4000
const TRANSACTION_MS = 4600
/** Waits are taken in steps, so that a busy event loop of our own is not mistaken for a silent server. */
const STEP_MS = 200
/** Statements that may be under way on each connection: sent together they cost the driver half as much. */
const PIPELINE = 8
/** A backstop for memory; at this length the last in the queue could not be served in time anyway. */
const MAX_WAITING = 5000

/** `waitMs` is for a free connection, and for those before us on it. */
export interface TimeoutOptions {
  pool: number
  waitMs: number
}

type Work = (tx: Sql) => Promise<unknown>
type Turn = ((work: () => Promise<unknown>) => Promise<unknown>) & { load: () => QueueStats }

/**
 * Bounds every wait that postgres.js leaves open: for a free connection, for a frozen server, for one that is down.
 * The caller is answered at the deadline; the place at the gate is held until the driver has settled, so that what
 * piles up stands before the gate, where it costs nothing and can be refused, and not inside the driver. `loads` says
 * how the gates fare.
 */
export function withTimeouts(
  client: Sql,
  { pool, waitMs }: TimeoutOptions
): { client: Sql; loads: Record<'statements' | 'transactions', () => QueueStats> } {
  const statements = createQueue(pool * PIPELINE, waitMs)
  const transactions = createQueue(pool, waitMs)
  const unsafe = client.unsafe as unknown as Call<LazyQuery>
  const decided = detectPreparedStatements(client)
  const guarded = withOverrides(client, {
    unsafe: (...args) => {
      // Never cancelled in the driver: a connection that was being opened for it would be lost to the pool.
      const given = /^\s*select\b/i.test(String(args[0])) ? NotExecutedError : OutcomeUnknownError
      return wrapLazy(unsafe(...args), (query) =>
        race(
          statements(() => decided(() => query) as Promise<unknown>),
          {
            ms: STATEMENT_MS,
            onLate: () => new given('the database did not answer in time'),
            waitMs,
            hasBegun: () => query.active,
            onWait: () => new given('no connection became free in time')
          }
        )
      )
    },
    begin: (...args) =>
      transaction(
        transactions,
        waitMs,
        (...call) => decided(() => (client.begin as unknown as Call)(...call)) as Promise<unknown>,
        args
      )
  })
  return {
    client: guarded,
    loads: { statements: statements.load, transactions: transactions.load }
  }
}

function createQueue(slots: number, waitMs: number): Turn {
  const gate = createConcurrencyLimit({ slots, queue: MAX_WAITING, waitMs })
  const turn = (work: () => Promise<unknown>) =>
    gate(work).catch((error) => {
      throw error instanceof QueueFullError
        ? new NotExecutedError('no connection became free in time', { cause: error })
        : error
    })
  return Object.assign(turn, { load: gate.load })
}

/**
 * A transaction that ends once. After its connection has died, the driver would run the rest of `work`, and the
 * COMMIT or ROLLBACK that follows it, on whatever session that connection object holds next; so from then on no
 * statement is sent and the driver never hears how `work` ended.
 */
function transaction(turn: Turn, waitMs: number, begin: Call, args: unknown[]): Promise<unknown> {
  const work = args.pop() as Work
  let over: Error | undefined
  let hasBegun = false
  let isCommitting = false
  let giveUp = (_reason: Error): void => {}

  const end = (reason: Error): Error => {
    over ??= reason
    giveUp(reason)
    return reason
  }
  const inside = (tx: Sql): Sql =>
    withOverrides(tx, {
      unsafe: (...call) =>
        wrapLazy((tx.unsafe as unknown as Call<LazyQuery>)(...call), (query) =>
          over
            ? Promise.reject(over)
            : race(query, {
                ms: STATEMENT_MS,
                onLate: () =>
                  end(
                    new NotExecutedError('a statement of the transaction was not answered in time')
                  )
              })
        ),
      savepoint: (...call) => {
        const nested = call.pop() as Work
        const scope = (savepoint: Sql) =>
          new Promise((resolve, reject) => {
            nested(inside(savepoint)).then(
              (value) => {
                if (!over) {
                  resolve(value)
                }
              },
              (error) => {
                if (!over) {
                  reject(error)
                }
              }
            )
          })
        return over
          ? Promise.reject(over)
          : ((tx as unknown as AnyFunction).savepoint as Call)(...call, scope)
      }
    })
  const scope = (tx: Sql) =>
    new Promise((resolve, reject) => {
      // Its caller has gone while it waited for a connection.
      if (over) {
        reject(over)
        return
      }
      hasBegun = true
      giveUp = reject
      work(inside(tx)).then(
        (value) => {
          if (!over) {
            over = new Error('the transaction is over')
            isCommitting = true
            resolve(value)
          }
        },
        (error) => {
          if (!over) {
            over = new Error('the transaction is over')
            reject(error)
          }
        }
      )
    })
  const settled = turn(() => begin(...args, scope)).catch((error) => {
    over ??= error as Error
    throw !isCommitting && classifyDbError(error) === 'unknown_outcome'
      ? new NotExecutedError('the connection broke before the transaction was committed', {
          cause: error
        })
      : error
  })
  return race(settled, {
    ms: TRANSACTION_MS,
    onLate: () =>
      isCommitting
        ? new OutcomeUnknownError('the commit was not answered in time')
        : end(new NotExecutedError('the transaction took too long')),
    waitMs,
    hasBegun: () => hasBegun,
    onWait: () => end(new NotExecutedError('no connection became free in time'))
  })
}

interface Deadline {
  ms: number
  onLate: () => Error
  waitMs?: number
  hasBegun?: () => boolean
  onWait?: () => Error
}

/** What comes of `work`, or `onLate` after `ms`, or `onWait` when it has not even begun after `waitMs`. */
function race(
  work: Promise<unknown>,
  { ms, onLate, waitMs = ms, hasBegun = () => true, onWait = onLate }: Deadline
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout
    const step = (waited: number): void => {
      timer = setTimeout(() => {
        if (waited >= ms) {
          reject(onLate())
        } else if (waited >= waitMs && !hasBegun()) {
          reject(onWait())
        } else {
          step(waited + STEP_MS)
        }
      }, STEP_MS)
    }
    step(STEP_MS)
    work.then(
      (value) => {
        clearTimeout(timer)
        resolve(value)
      },
      (error) => {
        clearTimeout(timer)
        reject(error)
      }
    )
  })
}

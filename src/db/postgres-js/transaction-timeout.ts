import type { Sql } from 'postgres'
import { classifyDbError, NotExecutedError, OutcomeUnknownError } from '../errors.ts'
import { withDeadline } from './deadline.ts'
import { type Call, type LazyQuery, withOverrides, wrapLazy } from './lazy-query.ts'

/** Above the server's statement_timeout (3 s), so that the server ends a statement that it works on, never we. */
export const STATEMENT_MS = 4000
const TRANSACTION_MS = 4600

type Work = (tx: Sql) => Promise<unknown>
/** Runs work when a connection is free, or rejects. */
export type Queue = (work: () => PromiseLike<unknown>) => Promise<unknown>

interface State {
  /** Why the transaction has ended; set once. From then on nothing is sent. */
  ended: Error | undefined
  hasBegun: boolean
  isCommitting: boolean
  /** Rejects the callback that the driver waits for. */
  abandon: (reason: Error) => void
}

/**
 * Runs a transaction that ends once. After its connection has died, the driver would run the rest of the callback, and
 * the COMMIT or ROLLBACK that follows it, on the next session of that connection object. So from then on no
 * statement is sent, and the driver is not told how the callback ended. `args` are those of `begin`, with the
 * callback at the end.
 */
export function runTransaction(
  queue: Queue,
  waitMs: number,
  begin: Call<PromiseLike<unknown>>,
  args: unknown[]
): Promise<unknown> {
  const work = args.pop() as Work
  const state: State = {
    ended: undefined,
    hasBegun: false,
    isCommitting: false,
    abandon: () => {}
  }
  const settled = queue(() => begin(...args, (tx: Sql) => runCallback(state, work, tx))).catch(
    (error: Error) => {
      state.ended ??= error
      throw !state.isCommitting && classifyDbError(error) === 'unknown_outcome'
        ? new NotExecutedError('the connection broke before the transaction was committed', {
            cause: error
          })
        : error
    }
  )
  return withDeadline(settled, {
    ms: TRANSACTION_MS,
    onLate: () =>
      state.isCommitting
        ? new OutcomeUnknownError('the commit was not confirmed in time')
        : end(state, new NotExecutedError('the transaction took too long')),
    waitMs,
    hasBegun: () => state.hasBegun,
    onWait: () => end(state, new NotExecutedError('no connection became free in time'))
  })
}

function end(state: State, reason: Error): Error {
  state.ended ??= reason
  state.abandon(reason)
  return reason
}

function runCallback(state: State, work: Work, tx: Sql): Promise<unknown> {
  return new Promise((resolve, reject) => {
    // Its caller got an error while it waited for a connection.
    if (state.ended) {
      reject(state.ended)
      return
    }
    state.hasBegun = true
    state.abandon = reject
    const finish = (isCommitting: boolean, settle: () => void): void => {
      if (!state.ended) {
        state.ended = new Error('the transaction is over')
        state.isCommitting = isCommitting
        settle()
      }
    }
    work(wrapTransaction(state, tx)).then(
      (value) => finish(true, () => resolve(value)),
      (error) => finish(false, () => reject(error))
    )
  })
}

/**
 * Returns the transaction that the callback works on: its statements have a deadline and are rejected after the
 * end.
 */
function wrapTransaction(state: State, tx: Sql): Sql {
  const unsafe = tx.unsafe as unknown as Call<LazyQuery>
  const { savepoint } = tx as unknown as { savepoint: Call }
  const onLate = () =>
    end(state, new NotExecutedError('a statement of the transaction had no response in time'))
  return withOverrides(tx, {
    unsafe: (...args) =>
      wrapLazy(unsafe(...args), (query) =>
        state.ended
          ? Promise.reject(state.ended)
          : withDeadline(query, { ms: STATEMENT_MS, onLate })
      ),
    savepoint: (...args) => {
      const work = args.pop() as Work
      return state.ended
        ? Promise.reject(state.ended)
        : savepoint(...args, (nested: Sql) => runSavepoint(state, work, nested))
    }
  })
}

/** Runs the callback of a savepoint; after the end of the transaction it never settles. */
function runSavepoint(state: State, work: Work, savepoint: Sql): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const unlessEnded =
      <T>(settle: (result: T) => void) =>
      (result: T): void => {
        if (!state.ended) {
          settle(result)
        }
      }
    work(wrapTransaction(state, savepoint)).then(unlessEnded(resolve), unlessEnded(reject))
  })
}

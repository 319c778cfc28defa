import type { Sql } from 'postgres'
import { classifyDbError, NotExecutedError } from '../errors.ts'

/** Finds itself among the prepared statements of the server. */
const PROBE = `
  SELECT pg_backend_pid()::int AS pid,
    (
      SELECT string_agg(name, ' ')
      FROM pg_prepared_statements
      WHERE statement LIKE '%names of this statement%'
    ) AS names`

interface ProbeResult extends Array<{ pid: number; names: string | null }> {
  state: { pid: number }
  statement: { name: string }
}

/**
 * Decides before the first statement whether statements may be prepared. Directly on the server they may: the process
 * that accepted the connection is the one that responds. A pooler that supports prepared statements on each of its
 * connections gives them names of its own (PgBouncer from 1.21 with max_prepared_statements). Behind any other pooler
 * they must not: a statement could reach a connection that does not have it, and a response another client.
 */
export function detectPreparedStatements(
  client: Sql
): <T>(run: () => PromiseLike<T>) => PromiseLike<T> {
  const options: { prepare: boolean } = client.options
  let isDecided = false
  let decision: Promise<void> | undefined
  const decide = async (): Promise<void> => {
    options.prepare = true
    const rows = (await client.unsafe(PROBE, [], {
      prepare: true,
      simple: false
    } as object)) as ProbeResult
    const [{ pid, names } = { pid: 0, names: null }] = rows
    options.prepare =
      pid === rows.state.pid || names?.split(' ').includes(rows.statement.name) === false
    isDecided = true
  }
  return (run) => {
    if (isDecided) {
      return run()
    }
    decision ??= decide().catch((error) => {
      // The next statement tries again.
      decision = undefined
      throw classifyDbError(error) === 'unknown_outcome'
        ? new NotExecutedError('the connection broke before anything was sent', { cause: error })
        : error
    })
    return decision.then(run)
  }
}

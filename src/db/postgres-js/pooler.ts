import type { Sql } from 'postgres'
import { classifyDbError, NotExecutedError } from '../errors.ts'

/** Finds itself among the statements that the server knows by a name. */
const PROBE =
  "select pg_backend_pid()::int as pid, (select string_agg(name, ' ') from pg_prepared_statements where statement like '%names of this statement%') as names"

interface Probed extends Array<{ pid: number; names: string | null }> {
  state: { pid: number }
  statement: { name: string }
}

/**
 * Decides, before the first statement, whether statements may be prepared. Straight to the server they may: who lets us
 * in is who answers. A pooler that carries prepared statements to each of its connections gives them names of its own
 * (PgBouncer from 1.21 with max_prepared_statements). Behind any other one they must not: there a statement can meet a
 * connection that does not know it, and an answer its neighbour.
 */
export function detectPreparedStatements(
  client: Sql
): <T>(go: () => PromiseLike<T>) => PromiseLike<T> {
  const options = client.options as unknown as { prepare: boolean }
  let isDecided = false
  let decided: Promise<void> | undefined
  const decide = async (): Promise<void> => {
    options.prepare = true
    const answer = (await client.unsafe(PROBE, [], {
      prepare: true,
      simple: false
    } as object)) as unknown as Probed
    const [{ pid, names } = { pid: 0, names: null }] = answer
    options.prepare =
      pid === answer.state.pid || names?.split(' ').includes(answer.statement.name) === false
    isDecided = true
  }
  return (go) => {
    if (isDecided) {
      return go()
    }
    decided ??= decide().catch((error) => {
      // Whoever comes next asks again.
      decided = undefined
      throw classifyDbError(error) === 'unknown_outcome'
        ? new NotExecutedError('the connection broke before anything was sent', { cause: error })
        : error
    })
    return decided.then(go)
  }
}

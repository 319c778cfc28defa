import type { Sql } from 'postgres'
import { type Call, type LazyQuery, withOverrides, wrapLazy } from './postgres-js/lazy-query.ts'

/** Runs database work inside a span with a name and, for a statement, its text. */
export type StatementTracer = <T>(
  name: string,
  text: string | undefined,
  run: () => PromiseLike<T>
) => Promise<T>

const MAX_TEXT_LENGTH = 2000

/** Reports every statement and transaction of a client to `trace`, with placeholders and never with values. */
export function traceStatements(client: Sql, trace: StatementTracer): Sql {
  return withOverrides(client, {
    unsafe: (...args) => {
      const text = String(args[0])
      return wrapLazy((client.unsafe as unknown as Call<LazyQuery>)(...args), (query) =>
        trace(nameOf(text), text.slice(0, MAX_TEXT_LENGTH), () => query)
      )
    },
    begin: (...args) => {
      const work = args.pop() as (tx: Sql) => Promise<unknown>
      return trace('transaction', undefined, () =>
        (client.begin as Call)(...args, (tx: Sql) => work(traceStatements(tx, trace)))
      )
    }
  })
}

/** Names a span by the statement's verb and first table, which keeps the number of names low. */
function nameOf(text: string): string {
  const verb = /^\s*\w+/.exec(text)?.[0].trim().toLowerCase()
  const table = /\b(?:from|into|update)\s+"?(\w+)/i.exec(text)?.[1]
  return table === undefined ? `${verb}` : `${verb} ${table}`
}

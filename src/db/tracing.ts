import type { Sql } from 'postgres'
import { type Call, type LazyQuery, withOverrides, wrapLazy } from './postgres-js/lazy-query.ts'

/** Runs a piece of the database's work under a name, where somebody watches. */
export type Traced = <T>(
  name: string,
  text: string | undefined,
  run: () => PromiseLike<T>
) => Promise<T>

const MAX_TEXT = 2000

/** Shows every statement and transaction of a client to `span`: with its placeholders, never with its values. */
export function traced(client: Sql, span: Traced): Sql {
  return withOverrides(client, {
    unsafe: (...args) => {
      const text = String(args[0])
      return wrapLazy((client.unsafe as unknown as Call<LazyQuery>)(...args), (query) =>
        span(nameOf(text), text.slice(0, MAX_TEXT), () => query)
      )
    },
    begin: (...args) => {
      const work = args.pop() as (tx: Sql) => Promise<unknown>
      return span('transaction', undefined, () =>
        (client.begin as unknown as Call)(...args, (tx: Sql) => work(traced(tx, span)))
      )
    }
  })
}

/** Its verb and the first table it names: what a statement is about, in few different words. */
const nameOf = (text: string): string =>
  `${/^\s*\w+/.exec(text)?.[0].trim().toLowerCase()} ${/\b(?:from|into|update)\s+"?(\w+)/i.exec(text)?.[1] ?? ''}`.trim()

import type { Sql } from 'postgres'

/** Above the server's statement_timeout (3 s), so that a statement on the wire is always ended by the server, never by us. */
const STATEMENT_MS = 4000
const TRANSACTION_MS = 4500

/** The database did not answer in time. Statements already on the wire are left to the server's own time-out. */
export class DeadlineExceeded extends Error {
  code = 'DEADLINE_EXCEEDED'
}

type Loose = Record<PropertyKey, unknown> & ((...args: unknown[]) => unknown)
type Begin = (...args: unknown[]) => Promise<unknown>
interface PendingQuery extends Promise<unknown> { state?: unknown, cancel (): void, values (): PendingQuery }

/**
 * Bounds every wait that postgres.js leaves open: for a free connection, for a frozen server, for a server that is
 * down. A query is cancelled only while it is still queued: a cancel request delivered late would kill the next
 * statement on that connection, and rejecting a BEGIN would leak the connection.
 */
export function bounded<T extends Sql> (client: T): T {
  return new Proxy(client, {
    get (target, key) {
      const member = (target as unknown as Loose)[key]
      if (key === 'unsafe') return (...args: unknown[]) => boundedQuery((member as (...a: unknown[]) => PendingQuery)(...args))
      if (key === 'begin') return (...args: unknown[]) => boundedTransaction(member as Begin, args)
      return member
    }
  })
}

function boundedQuery (query: PendingQuery): unknown {
  const settle = () => race(query, STATEMENT_MS, () => { if (!query.state) query.cancel() })
  return {
    values: () => boundedQuery(query.values()),
    // biome-ignore lint/suspicious/noThenProperty: postgres.js queries are lazy thenables, and so is what stands for them
    then: (...handlers: Parameters<Promise<unknown>['then']>) => settle().then(...handlers)
  }
}

function boundedTransaction (begin: Begin, args: unknown[]): Promise<unknown> {
  const work = args.pop() as (tx: Sql) => Promise<unknown>
  let late = false
  const transaction = begin(...args, (tx: Sql) => {
    if (late) throw new DeadlineExceeded('no connection became free in time')
    return work(bounded(tx))
  })
  return race(transaction, TRANSACTION_MS, () => { late = true })
}

function race<T> (work: PromiseLike<T>, ms: number, onLate: () => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new DeadlineExceeded('the database did not answer in time'))
      onLate()
    }, ms)
    work.then(
      (value) => { clearTimeout(timer); resolve(value) },
      (error) => { clearTimeout(timer); reject(error) }
    )
  })
}

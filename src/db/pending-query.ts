import type { Sql } from 'postgres'

/** As much of the driver's shape as whoever stands between it and its users has to know. */
export type Loose = Record<PropertyKey, unknown> & ((...args: unknown[]) => unknown)
export type Call<T = Promise<unknown>> = (...args: unknown[]) => T
/** `active` from the moment when the server works on it and on nothing before it. */
export interface PendingQuery extends Promise<unknown> {
  active: boolean
  values(): PendingQuery
}

/** The driver's queries start when somebody waits for them, and so does what stands for them. */
export function lazily(
  query: PendingQuery,
  run: (query: PendingQuery) => Promise<unknown>
): unknown {
  return {
    values: () => lazily(query.values(), run),
    // biome-ignore lint/suspicious/noThenProperty: it stands for a lazy promise
    then: (...handlers: Parameters<Promise<unknown>['then']>) => run(query).then(...handlers)
  }
}

export function replacing(
  client: Sql,
  methods: Record<string, (...args: unknown[]) => unknown>
): Sql {
  return new Proxy(client, {
    get: (target, key) =>
      typeof key === 'string' && Object.hasOwn(methods, key)
        ? methods[key]
        : (target as unknown as Loose)[key]
  })
}

import type { Sql } from 'postgres'

/** As much of the driver's shape as whoever stands between it and its users has to know. */
export type AnyFunction = Record<PropertyKey, unknown> & ((...args: unknown[]) => unknown)
export type Call<T = Promise<unknown>> = (...args: unknown[]) => T
/** `active` from the moment when the server works on it and on nothing before it. */
export interface LazyQuery extends Promise<unknown> {
  active: boolean
  values(): LazyQuery
}

/** The driver's queries start when somebody waits for them, and so does what stands for them. */
export function wrapLazy(query: LazyQuery, run: (query: LazyQuery) => Promise<unknown>): unknown {
  return {
    values: () => wrapLazy(query.values(), run),
    // biome-ignore lint/suspicious/noThenProperty: it stands for a lazy promise
    then: (...handlers: Parameters<Promise<unknown>['then']>) => run(query).then(...handlers)
  }
}

export function withOverrides(
  client: Sql,
  methods: Record<string, (...args: unknown[]) => unknown>
): Sql {
  return new Proxy(client, {
    get: (target, key) =>
      typeof key === 'string' && Object.hasOwn(methods, key)
        ? methods[key]
        : (target as unknown as AnyFunction)[key]
  })
}

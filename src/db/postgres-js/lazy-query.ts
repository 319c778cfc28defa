import type { Sql } from 'postgres'

/** The part of the driver's types that wrappers of its client need. */
export type AnyFunction = Record<PropertyKey, unknown> & ((...args: unknown[]) => unknown)
export type Call<T = Promise<unknown>> = (...args: unknown[]) => T
/** A query of postgres.js, which is sent when its `then` is first called. */
export interface LazyQuery extends Promise<unknown> {
  /** True once it is the first query in progress on its connection. */
  active: boolean
  values(): LazyQuery
}

/** Wraps a query so that the wrapper is lazy, too: it starts when it is awaited. */
export function wrapLazy(query: LazyQuery, run: (query: LazyQuery) => Promise<unknown>): unknown {
  return {
    values: () => wrapLazy(query.values(), run),
    // biome-ignore lint/suspicious/noThenProperty: it imitates a lazy promise
    then: (...handlers: Parameters<Promise<unknown>['then']>) => run(query).then(...handlers)
  }
}

/** Returns a client that calls `methods` instead of its own methods of the same name. */
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

import { LRUCache } from 'lru-cache'

export interface TtlCacheOptions<T> {
  max: number
  ttlMs: number
  load: (key: string) => Promise<T>
}

/**
 * Caches what `load` returns for `ttlMs` from the start of the load. Concurrent calls share one load. A key that is
 * invalidated while it is loaded is still returned to earlier calls, but not to later ones.
 */
export function createTtlCache<T>({ max, ttlMs, load }: TtlCacheOptions<T>) {
  const loads = new LRUCache<string, Promise<T>>({ max, ttl: ttlMs })
  return {
    get(key: string): Promise<T> {
      const cached = loads.get(key)
      if (cached) {
        return cached
      }
      const loading = load(key)
      loads.set(key, loading)
      // A failure is not cached.
      loading.catch(() => {
        if (loads.peek(key) === loading) {
          loads.delete(key)
        }
      })
      return loading
    },

    invalidate(key: string): void {
      loads.delete(key)
    },

    invalidateWhere(matches: (key: string) => boolean): void {
      for (const key of loads.keys()) {
        if (matches(key)) {
          loads.delete(key)
        }
      }
    }
  }
}

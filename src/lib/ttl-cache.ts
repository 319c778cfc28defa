import { LRUCache } from 'lru-cache'

export interface TtlCacheOptions<T> {
  max: number
  ttlMs: number
  load: (key: string) => Promise<T>
}

/**
 * Remembers what was read for a moment, counted from the start of the read. Requests that ask meanwhile share it. What
 * is dropped while it is being read still goes to those who asked before, and to nobody after.
 */
export function createTtlCache<T>({ max, ttlMs, load }: TtlCacheOptions<T>) {
  const reads = new LRUCache<string, Promise<T>>({ max, ttl: ttlMs })
  return {
    get(key: string): Promise<T> {
      const known = reads.get(key)
      if (known) {
        return known
      }
      const read = load(key)
      reads.set(key, read)
      // A failure is not remembered.
      read.catch(() => {
        if (reads.peek(key) === read) {
          reads.delete(key)
        }
      })
      return read
    },

    invalidate(key: string): void {
      reads.delete(key)
    },

    dropWhere(matches: (key: string) => boolean): void {
      for (const key of reads.keys()) {
        if (matches(key)) {
          reads.delete(key)
        }
      }
    }
  }
}

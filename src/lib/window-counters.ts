import { LRUCache } from 'lru-cache'

/** Counters that are kept at once; beyond, the ones that rested longest go. */
const MAX_COUNTERS = 50_000

export interface Count {
  current: number
  ttl: number
}

/**
 * Counts keys in fixed windows in this process, as a store of @fastify/rate-limit. The library's own hands out one
 * changing object: of requests in the same tick each would read what the last one counted, and all would be refused.
 */
export class WindowCounters {
  private kept: LRUCache<string, { current: number; endsAt: number }> | undefined

  incr(key: string, done: (error: Error | null, count: Count) => void, windowMs: number): void {
    // A cache takes all its room when it is made. There are twenty, and a start has no time for those that nobody needs yet.
    this.kept ??= new LRUCache({ max: MAX_COUNTERS })
    const at = Date.now()
    const known = this.kept.get(key)
    const counter = known && known.endsAt > at ? known : { current: 0, endsAt: at + windowMs }
    counter.current++
    if (counter !== known) {
      this.kept.set(key, counter)
    }
    done(null, { current: counter.current, ttl: counter.endsAt - at })
  }

  child(): WindowCounters {
    return new WindowCounters()
  }
}

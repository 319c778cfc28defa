import { LRUCache } from 'lru-cache'

/** Number of counters in memory; beyond it the least recently used ones are dropped. */
const MAX_COUNTERS = 50_000

export interface Count {
  current: number
  ttl: number
}

/**
 * Counts keys in fixed windows in this process, as a store of @fastify/rate-limit. The library's own store returns one
 * mutable object: requests in the same tick would all see the last count, and all would be rejected.
 */
export class WindowCounters {
  private counters: LRUCache<string, { current: number; endsAt: number }> | undefined

  incr(key: string, done: (error: Error | null, count: Count) => void, windowMs: number): void {
    // A cache allocates its memory at once, so each of the many is created when it is first needed.
    this.counters ??= new LRUCache({ max: MAX_COUNTERS })
    const at = Date.now()
    const known = this.counters.get(key)
    const counter = known && known.endsAt > at ? known : { current: 0, endsAt: at + windowMs }
    counter.current++
    if (counter !== known) {
      this.counters.set(key, counter)
    }
    done(null, { current: counter.current, ttl: counter.endsAt - at })
  }

  child(): WindowCounters {
    return new WindowCounters()
  }
}

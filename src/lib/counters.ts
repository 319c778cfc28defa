import { LRUCache } from 'lru-cache'

/** Counters that are kept at once; beyond, the ones that rested longest go. */
const MAX_COUNTERS = 50_000

export interface Count { current: number, ttl: number }

/**
 * Counts keys in fixed windows in this process, as a store of @fastify/rate-limit. The library's own hands out one
 * changing object: of requests in the same tick each would read what the last one counted, and all would be refused.
 */
export class Counters {
  counters = new LRUCache<string, { current: number, endsAt: number }>({ max: MAX_COUNTERS })

  incr (key: string, done: (error: Error | null, count: Count) => void, windowMs: number): void {
    const at = Date.now()
    const known = this.counters.get(key)
    const counter = known && known.endsAt > at ? known : { current: 0, endsAt: at + windowMs }
    counter.current++
    if (counter !== known) this.counters.set(key, counter)
    done(null, { current: counter.current, ttl: counter.endsAt - at })
  }

  child (): Counters {
    return new Counters()
  }
}

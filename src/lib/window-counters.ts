import { LRUCache } from 'lru-cache'

/** Number of counters of a budget in memory; beyond it the least recently used ones are dropped. */
const MAX_COUNTERS = 50_000
/** More than anything is counted to; it survives JSON. */
export const UNLIMITED = Number.MAX_SAFE_INTEGER

export interface Count {
  current: number
  ttl: number
}
/** What is to be counted on a key, if the count is then no more than `max`. */
export interface Charge {
  key: string
  cost: number
  max: number
}
/** Whether everything was counted or, because something did not fit, nothing; and the counts afterwards. */
export interface Charged {
  fits: boolean
  counts: Count[]
}
export type Done<T> = (error: Error | null, result: T) => void

/** Counts keys in fixed windows. */
export abstract class Counters {
  /** Counts on several keys at once: all of the charges, or none if one of them does not fit. */
  abstract charge(charges: Charge[], done: Done<Charged>, windowMs: number): void

  incr(key: string, done: Done<Count>, windowMs: number): void {
    const one = { key, cost: 1, max: UNLIMITED }
    this.charge([one], (error, charged) => done(error, charged?.counts[0] as Count), windowMs)
  }
}

/**
 * Counts in this process. The library's own store returns one mutable object: requests in the same tick would all see
 * the last count, and all would be rejected.
 */
export class WindowCounters extends Counters {
  /** By the beginning of the key, so that many keys of one budget do not push out those of another. */
  private caches = new Map<string, LRUCache<string, Counter>>()

  charge(charges: Charge[], done: Done<Charged>, windowMs: number): void {
    const at = Date.now()
    const counters = charges.map(({ key }) => this.counterOf(key, at, windowMs))
    const fits = charges.every(({ cost, max }, i) => currentOf(counters, i) + cost <= max)
    const counts = counters.map((counter, i) => {
      counter.current += fits ? (charges[i]?.cost ?? 0) : 0
      return { current: counter.current, ttl: counter.endsAt - at }
    })
    done(null, { fits, counts })
  }

  private counterOf(key: string, at: number, windowMs: number): Counter {
    const cache = this.cacheOf(key.slice(0, key.indexOf(':')))
    const known = cache.get(key)
    if (known && known.endsAt > at) {
      return known
    }
    const counter = { current: 0, endsAt: at + windowMs }
    cache.set(key, counter)
    return counter
  }

  private cacheOf(budget: string): LRUCache<string, Counter> {
    const known = this.caches.get(budget)
    if (known) {
      return known
    }
    // A cache allocates its memory at once, so it is created when it is first needed.
    const cache = new LRUCache<string, Counter>({ max: MAX_COUNTERS })
    this.caches.set(budget, cache)
    return cache
  }
}

interface Counter {
  current: number
  endsAt: number
}
const currentOf = (counters: Counter[], i: number): number => counters[i]?.current ?? 0

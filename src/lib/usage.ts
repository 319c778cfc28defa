import { LRUCache } from 'lru-cache'

/** Keys that are remembered at once; beyond it the least recently used ones are forgotten. */
const MAX_KEYS = 10_000

/**
 * Remembers how much each key has used of something of late: what was used fades exponentially, to a third within
 * `windowMs`.
 */
export function createUsage(windowMs: number) {
  const levels = new LRUCache<string, { level: number; at: number }>({ max: MAX_KEYS })

  const of = (key: string): number => {
    const known = levels.get(key)
    return known ? known.level * Math.exp((known.at - performance.now()) / windowMs) : 0
  }
  return {
    of,
    add(key: string, amount: number): void {
      levels.set(key, { level: of(key) + amount, at: performance.now() })
    }
  }
}

/** How often is looked for deadlines that have passed: each is noticed at most that much later. */
const CHECK_MS = 250

export interface Deadlines<T> {
  /** Sets the deadline of an item to so many milliseconds from now. */
  set(item: T, ms: number): void
  /** Forgets an item. */
  delete(item: T): void
  stop(): void
}

/**
 * Calls `onPassed` once for each item whose deadline passes before it is deleted. One timer serves all items: one for
 * each request would cost more than all that most of them ever need.
 */
export function createDeadlines<T>(onPassed: (item: T) => void): Deadlines<T> {
  const deadlines = new Map<T, number>()
  const check = () => {
    const now = performance.now()
    for (const [item, deadline] of deadlines) {
      if (now > deadline) {
        deadlines.delete(item)
        onPassed(item)
      }
    }
  }
  const timer = setInterval(check, CHECK_MS).unref()
  return {
    set: (item, ms) => void deadlines.set(item, performance.now() + ms),
    delete: (item) => void deadlines.delete(item),
    stop: () => clearInterval(timer)
  }
}

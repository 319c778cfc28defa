/** How often is looked for deadlines that have passed: each is noticed at most that much later. */
const CHECK_MS = 250

export interface DeadlineOptions<T> {
  /** Tells that an item needs no deadline any more. It is forgotten then, even if nobody deletes it. */
  isOver: (item: T) => boolean
  /** Called once for an item that is not over at its deadline. */
  onPassed: (item: T) => void
}

export interface Deadlines<T> {
  /** Sets the deadline of an item to so many milliseconds from now. */
  set(item: T, ms: number): void
  /** Forgets an item. */
  delete(item: T): void
  stop(): void
}

/**
 * Keeps the deadlines of items, which are forgotten soon after they are over. One timer serves all of them: one for
 * each request would cost more than all that most of them ever need.
 */
export function createDeadlines<T>({ isOver, onPassed }: DeadlineOptions<T>): Deadlines<T> {
  const deadlines = new Map<T, number>()
  const check = () => {
    const now = performance.now()
    for (const [item, deadline] of deadlines) {
      if (isOver(item)) {
        deadlines.delete(item)
      } else if (now > deadline) {
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

import { QueueFullError } from './concurrency-limit.ts'

/** After each piece of low priority its slot rests for so many times as long as that took. */
const REST = 2
const MAX_REST_MS = 1000
/**
 * Each millisecond of waiting makes up for so many that were used before. Without it those who have used a little wait
 * for as long as others come who have used nothing.
 */
const CREDIT = 20

export interface PriorityLimits {
  slots: number
  /** How many of the slots work of low priority may take. */
  lowSlots: number
  queue: number
}
export interface Priority {
  /** The milliseconds that the work's owner has used so far: those who have used least go first. */
  used: () => number
  /** Asked when the work may start, since that may have changed while it waited. */
  isLow: () => boolean
  /** Called when the work has got its slot, before any other is asked. */
  onStart?: () => void
  waitMs: number
}
interface Waiter extends Priority {
  since: number
  start: (isLow: boolean) => void
  reject: (reason: string) => void
}

/**
 * Runs at most `slots` pieces of work at once, of low priority `lowSlots`; the others wait, whoever has used least and
 * waited longest goes first. Rejects with QueueFullError what has waited too long, and beyond `queue` whoever has used
 * most.
 */
export function createPriorityLimit({ slots, lowSlots, queue }: PriorityLimits) {
  let running = 0
  let runningLow = 0
  const waiting = new Set<Waiter>()

  const mayStart = (isLow: boolean): boolean =>
    running < slots && !(isLow && runningLow >= lowSlots)
  const take = ({ onStart }: Priority, isLow: boolean) => {
    running++
    runningLow += isLow ? 1 : 0
    onStart?.()
  }
  const weightOf = (waiter: Waiter) => (mayStart(waiter.isLow()) ? useOf(waiter) : undefined)
  const startNext = () => {
    const next = running < slots ? least(waiting, weightOf) : undefined
    if (next) {
      const isLow = next.isLow()
      take(next, isLow)
      next.start(isLow)
    }
  }
  const endRest = () => {
    runningLow--
    startNext()
  }
  const release = (isLow: boolean, ms: number) => {
    running--
    if (isLow) {
      setTimeout(endRest, Math.min(REST * ms, MAX_REST_MS)).unref()
    }
    startNext()
  }

  /** Returns whether the slot is one of low priority. */
  async function acquire(priority: Priority): Promise<boolean> {
    const isLow = priority.isLow()
    if (mayStart(isLow)) {
      take(priority, isLow)
      return isLow
    }
    const started = waitForTurn(waiting, priority)
    if (waiting.size > queue) {
      least(waiting, (waiter) => -waiter.used())?.reject('queue full')
    }
    return started
  }

  return async function run<T>(priority: Priority, work: () => PromiseLike<T>): Promise<T> {
    const isLow = await acquire(priority)
    const since = performance.now()
    try {
      return await work()
    } finally {
      release(isLow, performance.now() - since)
    }
  }
}

/** What counts as used by a waiter. */
const useOf = ({ used, since }: Waiter): number => used() - CREDIT * (performance.now() - since)

/** Returns the waiter with the least weight, the first of several; those without one do not count. */
function least(
  waiters: Iterable<Waiter>,
  weightOf: (waiter: Waiter) => number | undefined
): Waiter | undefined {
  let found: Waiter | undefined
  let lowest = Number.POSITIVE_INFINITY
  for (const waiter of waiters) {
    const weight = weightOf(waiter)
    if (weight !== undefined && weight < lowest) {
      found = waiter
      lowest = weight
    }
  }
  return found
}

const waitForTurn = (waiting: Set<Waiter>, priority: Priority): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const leave = () => {
      clearTimeout(timer)
      waiting.delete(waiter)
    }
    const waiter: Waiter = {
      ...priority,
      since: performance.now(),
      start(isLow) {
        leave()
        resolve(isLow)
      },
      reject(reason) {
        leave()
        reject(new QueueFullError(reason))
      }
    }
    const timer = setTimeout(() => waiter.reject('waited too long'), priority.waitMs)
    waiting.add(waiter)
  })

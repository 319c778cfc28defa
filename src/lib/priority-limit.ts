import { QueueFullError } from './concurrency-limit.ts'

/** After each piece of low priority its slot rests for so many times as long as that took. */
const REST = 2
const MAX_REST_MS = 1000

export interface PriorityLimits {
  slots: number
  /** How many of the slots work of low priority may take. */
  lowSlots: number
  queue: number
}
export interface Priority {
  /** What the work's owner has used so far: those who have used least go first. */
  used: () => number
  isLow: boolean
  waitMs: number
}
interface Waiter extends Priority {
  start: () => void
  reject: (reason: string) => void
}

/**
 * Runs at most `slots` pieces of work at once, of low priority `lowSlots`; the others wait, whoever has used least goes
 * first. Rejects with QueueFullError what has waited too long, and beyond `queue` whoever has used most.
 */
export function createPriorityLimit({ slots, lowSlots, queue }: PriorityLimits) {
  let running = 0
  let runningLow = 0
  const waiting = new Set<Waiter>()

  const mayStart = ({ isLow }: Priority): boolean =>
    running < slots && !(isLow && runningLow >= lowSlots)
  const take = ({ isLow }: Priority) => {
    running++
    runningLow += isLow ? 1 : 0
  }
  const startNext = () => {
    const next = byUse([...waiting].filter(mayStart)).at(0)
    if (next) {
      take(next)
      next.start()
    }
  }
  const endRest = () => {
    runningLow--
    startNext()
  }
  const release = ({ isLow }: Priority, ms: number) => {
    running--
    if (isLow) {
      setTimeout(endRest, Math.min(REST * ms, MAX_REST_MS)).unref()
    }
    startNext()
  }

  async function acquire(priority: Priority): Promise<void> {
    if (mayStart(priority)) {
      take(priority)
      return
    }
    const started = waitForTurn(waiting, priority)
    if (waiting.size > queue) {
      byUse([...waiting])
        .at(-1)
        ?.reject('queue full')
    }
    await started
  }

  return async function run<T>(priority: Priority, work: () => PromiseLike<T>): Promise<T> {
    await acquire(priority)
    const since = performance.now()
    try {
      return await work()
    } finally {
      release(priority, performance.now() - since)
    }
  }
}

const byUse = (waiters: Waiter[]): Waiter[] => waiters.sort((a, b) => a.used() - b.used())

const waitForTurn = (waiting: Set<Waiter>, priority: Priority): Promise<void> =>
  new Promise((resolve, reject) => {
    const leave = () => {
      clearTimeout(timer)
      waiting.delete(waiter)
    }
    const waiter: Waiter = {
      ...priority,
      start() {
        leave()
        resolve()
      },
      reject(reason) {
        leave()
        reject(new QueueFullError(reason))
      }
    }
    const timer = setTimeout(() => waiter.reject('waited too long'), priority.waitMs)
    waiting.add(waiter)
  })

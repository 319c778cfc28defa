/** Raised when the queue before a gate is full, or a place in it was not served in time. */
export class QueueFullError extends Error {}

export interface ConcurrencyLimits {
  slots: number
  queue: number
  waitMs: number
}
/** What a gate is doing at this moment and has done so far. */
export interface QueueStats {
  running: number
  waiting: number
  waited: number
  waitedSeconds: number
  rejected: number
}
interface Waiter {
  enter: () => void
  timer: NodeJS.Timeout
}

/**
 * Lets at most `slots` pieces of work run at once and at most `queue` more wait, each no longer than `waitMs`.
 * Everything beyond is refused with GateBusy before it has cost anything. `load` says how it fares.
 */
export function createConcurrencyLimit({ slots, queue, waitMs }: ConcurrencyLimits) {
  let running = 0
  const past = { waited: 0, waitedSeconds: 0, rejected: 0 }
  const waiting = new Set<Waiter>()

  const leave = () => {
    const [next] = waiting
    if (!next) {
      running--
      return
    }
    waiting.delete(next)
    clearTimeout(next.timer)
    next.enter()
  }

  const enter = async () => {
    if (running < slots) {
      running++
      return
    }
    if (waiting.size >= queue) {
      past.rejected++
      throw new QueueFullError('queue full')
    }
    const since = performance.now()
    await new Promise<void>((resolve, reject) => {
      const waiter: Waiter = {
        enter: resolve,
        timer: setTimeout(() => {
          waiting.delete(waiter)
          past.rejected++
          reject(new QueueFullError('waited too long'))
        }, waitMs)
      }
      waiting.add(waiter)
    })
    past.waited++
    past.waitedSeconds += (performance.now() - since) / 1000
  }

  async function run<T>(work: () => PromiseLike<T>): Promise<T> {
    await enter()
    try {
      return await work()
    } finally {
      leave()
    }
  }
  return Object.assign(run, {
    stats: (): QueueStats => ({ running, waiting: waiting.size, ...past })
  })
}

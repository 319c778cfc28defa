/** The queue is full, or no slot became free in time. */
export class QueueFullError extends Error {}

export interface ConcurrencyLimits {
  slots: number
  queue: number
  waitMs: number
}
/** The current state of a queue and its totals so far. */
export interface QueueStats {
  running: number
  waiting: number
  waited: number
  waitedSeconds: number
  rejected: number
}
interface Waiter {
  start: () => void
  timer: NodeJS.Timeout
}

/**
 * Runs at most `slots` pieces of work at once and lets at most `queue` more wait, each no longer than `waitMs`. Rejects
 * everything beyond with QueueFullError before it starts.
 */
export function createConcurrencyLimit({ slots, queue, waitMs }: ConcurrencyLimits) {
  let running = 0
  const totals = { waited: 0, waitedSeconds: 0, rejected: 0 }
  const waiting = new Set<Waiter>()

  const acquire = async () => {
    if (running < slots) {
      running++
      return
    }
    if (waiting.size >= queue) {
      totals.rejected++
      throw new QueueFullError('queue full')
    }
    const since = performance.now()
    await new Promise<void>((resolve, reject) => {
      const waiter: Waiter = {
        start: resolve,
        timer: setTimeout(() => {
          waiting.delete(waiter)
          totals.rejected++
          reject(new QueueFullError('waited too long'))
        }, waitMs)
      }
      waiting.add(waiter)
    })
    totals.waited++
    totals.waitedSeconds += (performance.now() - since) / 1000
  }

  /** Passes the slot to the first in the queue, or frees it. */
  const release = () => {
    const [next] = waiting
    if (!next) {
      running--
      return
    }
    waiting.delete(next)
    clearTimeout(next.timer)
    next.start()
  }

  async function run<T>(work: () => PromiseLike<T>): Promise<T> {
    await acquire()
    try {
      return await work()
    } finally {
      release()
    }
  }
  return Object.assign(run, {
    stats: (): QueueStats => ({ running, waiting: waiting.size, ...totals })
  })
}

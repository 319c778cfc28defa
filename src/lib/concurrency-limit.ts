import { createFairQueue, type FairQueue } from './fair-queue.ts'

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
  reject: (reason: string) => void
}

/**
 * Runs at most `slots` pieces of work at once and lets at most `queue` more wait, each no longer than `waitMs`. Rejects
 * everything beyond with QueueFullError before it starts.
 *
 * Work of different kinds takes turns and shares the queue: when it is full, the last of the kind that has most in it
 * makes room for one of a kind that has fewer. Alone, a kind has the whole queue.
 */
export function createConcurrencyLimit({ slots, queue, waitMs }: ConcurrencyLimits) {
  let running = 0
  const totals = { waited: 0, waitedSeconds: 0, rejected: 0 }
  const waiting = createFairQueue<Waiter>()

  const acquire = async (kind: string) => {
    if (running < slots) {
      running++
      return
    }
    const since = performance.now()
    try {
      makeRoom(waiting, queue, kind)
      await waitForTurn(waiting, waitMs, kind)
    } catch (error) {
      totals.rejected++
      throw error
    }
    totals.waited++
    totals.waitedSeconds += (performance.now() - since) / 1000
  }

  /** Passes the slot to the next in the queue, or frees it. */
  const release = () => {
    const next = waiting.takeNext()
    if (next) {
      next.start()
    } else {
      running--
    }
  }

  async function run<T>(work: () => PromiseLike<T>, kind = ''): Promise<T> {
    await acquire(kind)
    try {
      return await work()
    } finally {
      release()
    }
  }
  return Object.assign(run, {
    stats: (): QueueStats => ({ running, waiting: waiting.size(), ...totals })
  })
}

function makeRoom(waiting: FairQueue<Waiter>, queue: number, kind: string): void {
  if (waiting.size() < queue) {
    return
  }
  const surplus = waiting.findSurplus(kind)
  if (!surplus) {
    throw new QueueFullError('queue full')
  }
  surplus.reject('queue full')
}

const waitForTurn = (waiting: FairQueue<Waiter>, waitMs: number, kind: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const leave = (reason: string) => {
      clearTimeout(timer)
      waiting.remove(kind, waiter)
      reject(new QueueFullError(reason))
    }
    const timer = setTimeout(() => leave('waited too long'), waitMs)
    const start = () => {
      clearTimeout(timer)
      resolve()
    }
    const waiter: Waiter = { start, reject: leave }
    waiting.add(kind, waiter)
  })

/** Raised when the queue before a gate is full, or a place in it was not served in time. */
export class GateBusy extends Error {}

export interface GateLimits {
  slots: number
  queue: number
  waitMs: number
}
/** What a gate is doing at this moment and has done so far. */
export interface Load {
  running: number
  waiting: number
  waited: number
  waitedSeconds: number
  refused: number
}
interface Waiter {
  enter: () => void
  timer: NodeJS.Timeout
}

/**
 * Lets at most `slots` pieces of work run at once and at most `queue` more wait, each no longer than `waitMs`.
 * Everything beyond is refused with GateBusy before it has cost anything. `load` says how it fares.
 */
export function createGate({ slots, queue, waitMs }: GateLimits) {
  let running = 0
  const past = { waited: 0, waitedSeconds: 0, refused: 0 }
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
      past.refused++
      throw new GateBusy('queue full')
    }
    const since = performance.now()
    await new Promise<void>((resolve, reject) => {
      const waiter: Waiter = {
        enter: resolve,
        timer: setTimeout(() => {
          waiting.delete(waiter)
          past.refused++
          reject(new GateBusy('waited too long'))
        }, waitMs)
      }
      waiting.add(waiter)
    })
    past.waited++
    past.waitedSeconds += (performance.now() - since) / 1000
  }

  async function run<T>(work: () => Promise<T>): Promise<T> {
    await enter()
    try {
      return await work()
    } finally {
      leave()
    }
  }
  return Object.assign(run, { load: (): Load => ({ running, waiting: waiting.size, ...past }) })
}

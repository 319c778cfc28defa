/** Raised when the queue before a gate is full, or a place in it was not served in time. */
export class GateBusy extends Error {}

export interface GateLimits { slots: number, queue: number, waitMs: number }
interface Waiter { enter: () => void, timer: NodeJS.Timeout }

/**
 * Lets at most `slots` pieces of work run at once and at most `queue` more wait, each no longer than `waitMs`.
 * Everything beyond is refused with GateBusy before it has cost anything.
 */
export function createGate ({ slots, queue, waitMs }: GateLimits) {
  let running = 0
  const waiting = new Set<Waiter>()

  const leave = () => {
    const [next] = waiting
    if (!next) { running--; return }
    waiting.delete(next)
    clearTimeout(next.timer)
    next.enter()
  }

  const enter = async () => {
    if (running < slots) { running++; return }
    if (waiting.size >= queue) throw new GateBusy('queue full')
    await new Promise<void>((resolve, reject) => {
      const waiter: Waiter = { enter: resolve, timer: setTimeout(() => { waiting.delete(waiter); reject(new GateBusy('waited too long')) }, waitMs) }
      waiting.add(waiter)
    })
  }

  return async function run<T> (work: () => Promise<T>): Promise<T> {
    await enter()
    try {
      return await work()
    } finally {
      leave()
    }
  }
}

import cluster, { type Worker } from 'node:cluster'
import { type Count, WindowCounters } from '../lib/window-counters.ts'

/** As long as a Redis may take; then the request is counted here alone. */
const ANSWER_MS = 100

type Done = (error: Error | null, count: Count) => void
interface Question {
  count: number
  key: string
  windowMs: number
}
interface Reply extends Count {
  counted: number
}
interface Waiting {
  done: Done
  key: string
  windowMs: number
  timer: NodeJS.Timeout
}

/** Counts for several server processes in the one that supervises them, so that they share their limits without Redis. */
export function serveClusterCounters(): void {
  const counters = new WindowCounters()
  cluster.on('message', (worker: Worker, { count, key, windowMs }: Partial<Question>) => {
    if (count === undefined || key === undefined || windowMs === undefined) {
      return
    }
    counters.incr(
      key,
      (_error, result) => {
        worker.isConnected() && worker.send({ counted: count, ...result } satisfies Reply, () => {})
      },
      windowMs
    )
  })
}

/** Counts what the supervisor counts for all. Where it does not answer in time, this process counts for itself. */
export class ClusterCounters extends WindowCounters {
  waiting = new Map<number, Waiting>()
  asked = 0

  constructor() {
    super()
    process.on('message', ({ counted, ...count }: Partial<Reply>) => {
      const asked = counted === undefined ? undefined : this.waiting.get(counted)
      if (!asked || counted === undefined) {
        return
      }
      clearTimeout(asked.timer)
      this.waiting.delete(counted)
      asked.done(null, count as Count)
    })
  }

  override incr(key: string, done: Done, windowMs: number): void {
    const count = ++this.asked
    const timer = setTimeout(() => {
      this.waiting.delete(count)
      super.incr(key, done, windowMs)
    }, ANSWER_MS)
    this.waiting.set(count, { done, key, windowMs, timer })
    // A supervisor that has gone takes its workers with it in a moment; until then the timer answers.
    process.send?.({ count, key, windowMs } satisfies Question, undefined, undefined, () => {})
  }

  override child(): WindowCounters {
    return this
  }
}

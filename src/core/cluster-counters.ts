import cluster, { type Worker } from 'node:cluster'
import { type Count, WindowCounters } from '../lib/window-counters.ts'

/** How long the primary process may take; then the request is counted in this process alone. */
const RESPONSE_MS = 100

type Done = (error: Error | null, count: Count) => void
interface CountRequest {
  countId: number
  key: string
  windowMs: number
}
interface CountResponse extends Count {
  countId: number
}
interface Pending {
  done: Done
  timer: NodeJS.Timeout
}

/** Counts in the primary process for all server processes, so that they share their limits without Redis. */
export function serveClusterCounters(): void {
  const counters = new WindowCounters()
  cluster.on('message', (worker: Worker, message: Partial<CountRequest>) => {
    const { countId, key, windowMs } = message
    if (countId === undefined || key === undefined || windowMs === undefined) {
      return
    }
    counters.incr(
      key,
      (_error, count) => {
        if (worker.isConnected()) {
          worker.send({ countId, ...count } satisfies CountResponse, () => {})
        }
      },
      windowMs
    )
  })
}

/** Counts in the primary process. When that does not respond in time, counts in this process. */
export class ClusterCounters extends WindowCounters {
  private pending = new Map<number, Pending>()
  private lastId = 0

  constructor() {
    super()
    process.on('message', ({ countId, ...count }: Partial<CountResponse>) => {
      const pending = countId === undefined ? undefined : this.pending.get(countId)
      if (!pending || countId === undefined) {
        return
      }
      clearTimeout(pending.timer)
      this.pending.delete(countId)
      pending.done(null, count as Count)
    })
  }

  override incr(key: string, done: Done, windowMs: number): void {
    const countId = ++this.lastId
    const timer = setTimeout(() => {
      this.pending.delete(countId)
      super.incr(key, done, windowMs)
    }, RESPONSE_MS)
    this.pending.set(countId, { done, timer })
    // When the primary process has died this one ends in a moment; until then the timer responds.
    const request: CountRequest = { countId, key, windowMs }
    process.send?.(request, undefined, undefined, () => {})
  }

  override child(): WindowCounters {
    return this
  }
}

import cluster, { type Worker } from 'node:cluster'
import { type Charge, type Charged, type Done, WindowCounters } from '../lib/window-counters.ts'

/** How long the primary process may take; then the request is counted in this process alone. */
const RESPONSE_MS = 100

interface CountRequest {
  countId: number
  charges: Charge[]
  windowMs: number
}
interface CountResponse extends Charged {
  countId: number
}
interface Pending {
  done: Done<Charged>
  timer: NodeJS.Timeout
}

/** Counts in the primary process for all server processes, so that they share their limits without Redis. */
export function serveClusterCounters(): void {
  const counters = new WindowCounters()
  cluster.on('message', (worker: Worker, message: Partial<CountRequest>) => {
    const { countId, charges, windowMs } = message
    if (countId === undefined || charges === undefined || windowMs === undefined) {
      return
    }
    counters.charge(
      charges,
      (_error, charged) => {
        if (worker.isConnected()) {
          worker.send({ countId, ...charged } satisfies CountResponse, () => {})
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
    process.on('message', ({ countId, ...charged }: Partial<CountResponse>) => {
      const pending = countId === undefined ? undefined : this.pending.get(countId)
      if (!pending || countId === undefined) {
        return
      }
      clearTimeout(pending.timer)
      this.pending.delete(countId)
      pending.done(null, charged as Charged)
    })
  }

  override charge(charges: Charge[], done: Done<Charged>, windowMs: number): void {
    const countId = ++this.lastId
    const timer = setTimeout(() => {
      this.pending.delete(countId)
      super.charge(charges, done, windowMs)
    }, RESPONSE_MS)
    this.pending.set(countId, { done, timer })
    // When the primary process has died this one ends in a moment; until then the timer responds.
    const request: CountRequest = { countId, charges, windowMs }
    process.send?.(request, undefined, undefined, () => {})
  }
}

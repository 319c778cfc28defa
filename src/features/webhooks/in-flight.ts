import { setTimeout as pause } from 'node:timers/promises'

/** Attempts of one process at the same time. */
const MAX_IN_FLIGHT = 200
/** Of them those of one owner, whose webhooks may all be slow. */
export const MAX_OF_OWNER = 25
/** After an attempt has ended: what ends together is followed by one look for more. */
const GATHER_MS = 10
const LOOK_AGAIN_MS = 1000
/** How long attempts in flight may go on when the process is asked to stop, which has ten seconds in all. */
const STOP_MS = 3000

/** The attempts that are in flight in this process. */
export class InFlight {
  private attempts = new Map<Promise<void>, string>()
  private stop = new AbortController()

  /** Aborted when attempts in flight have to end. */
  get stopped(): AbortSignal {
    return this.stop.signal
  }

  get free(): number {
    return MAX_IN_FLIGHT - this.attempts.size
  }

  get isEmpty(): boolean {
    return this.attempts.size === 0
  }

  /** Returns how many attempts each owner has in flight who has any. */
  countByOwner(): Map<string, number> {
    const counts = new Map<string, number>()
    for (const owner of this.attempts.values()) {
      counts.set(owner, (counts.get(owner) ?? 0) + 1)
    }
    return counts
  }

  /** Adds an attempt, which never throws. */
  add(ownerId: string, work: Promise<void>): void {
    const attempt = work.finally(() => this.attempts.delete(attempt))
    this.attempts.set(attempt, ownerId)
  }

  /** Waits until one has ended, or for a second. */
  async oneLess(): Promise<void> {
    await Promise.race([...this.attempts.keys(), pause(LOOK_AGAIN_MS)])
    await pause(GATHER_MS)
  }

  /** Waits a little for those in flight, and ends the others. */
  async finish(): Promise<void> {
    const all = Promise.all(this.attempts.keys())
    await Promise.race([all, pause(STOP_MS, undefined, { ref: false })])
    this.stop.abort()
    await all
  }
}

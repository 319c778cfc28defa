import type { FastifyBaseLogger } from 'fastify'

/**
 * Work that is waiting in the database, where any instance finds it. A turn takes one piece of it for a bounded time
 * and says whether there was any; it must be such that dying in the middle of it loses and repeats nothing.
 */
export interface Job {
  name: string
  slots: number
  turn: (isStopping: () => boolean) => Promise<boolean>
}

export interface Jobs {
  wake: () => void
  stop: () => Promise<void>
}

/** How long work of another instance may go unnoticed; one's own wakes. */
const POLL_MS = 1000
const RETRY_MS = 1000

/** Works until stopped, each job in as many slots as it has. Stopping waits for the turns under way, which end at their next step. */
export function startJobs(
  jobs: Job[],
  log: FastifyBaseLogger,
  onTurn: (job: string, outcome: 'done' | 'idle' | 'failed') => void = () => {}
): Jobs {
  let stopped = false
  const sleepers = new Set<() => void>()
  const wake = () => {
    for (const rise of [...sleepers]) {
      rise()
    }
  }
  const sleep = (ms?: number) =>
    new Promise<void>((resolve) => {
      const rise = () => {
        clearTimeout(timer)
        sleepers.delete(rise)
        resolve()
      }
      const timer = ms === undefined ? undefined : setTimeout(rise, ms)
      sleepers.add(rise)
    })

  const slot = async ({ name, turn }: Job, isFirst: boolean): Promise<void> => {
    for (let isFailing = false; !stopped; ) {
      try {
        // Where one piece was found there may be more: the slots that sleep look as well.
        const found = await turn(() => stopped)
        onTurn(name, found ? 'done' : 'idle')
        isFailing = false
        if (found) {
          if (isFirst) {
            wake()
          }
        } else if (!stopped) {
          await sleep(isFirst ? POLL_MS * (0.75 + Math.random() / 2) : undefined)
        }
      } catch (err) {
        onTurn(name, 'failed')
        // A database that is away is told once, not every second.
        log[isFailing ? 'debug' : 'warn']({ err, job: name }, 'a turn of a job failed')
        isFailing = true
        if (!stopped) {
          await sleep(RETRY_MS)
        }
      }
    }
  }
  const slots = jobs.flatMap((job) =>
    Array.from({ length: job.slots }, (_, i) => slot(job, i === 0))
  )
  return {
    wake,
    stop: async () => {
      stopped = true
      wake()
      await Promise.all(slots)
    }
  }
}

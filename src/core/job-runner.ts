import type { FastifyBaseLogger } from 'fastify'

/**
 * Work that is waiting in the database, where any instance finds it. A turn takes one piece of it for a bounded time
 * and says whether there was any; it must be such that dying in the middle of it loses and repeats nothing.
 */
export interface Job {
  name: string
  concurrency: number
  runOnce: (isStopping: () => boolean) => Promise<boolean>
}

export interface JobRunner {
  wake: () => void
  stop: () => Promise<void>
}

/** How long work of another instance may go unnoticed; one's own wakes. */
const POLL_MS = 1000
const RETRY_MS = 1000

/** Works until stopped, each job in as many slots as it has. Stopping waits for the turns under way, which end at their next step. */
export function startJobRunner(
  jobs: Job[],
  log: FastifyBaseLogger,
  onTurn: (job: string, outcome: 'done' | 'idle' | 'failed') => void = () => {}
): JobRunner {
  let stopped = false
  const idleWorkers = new Set<() => void>()
  const wake = () => {
    for (const wakeUp of [...idleWorkers]) {
      wakeUp()
    }
  }
  const sleep = (ms?: number) =>
    new Promise<void>((resolve) => {
      const wakeUp = () => {
        clearTimeout(timer)
        idleWorkers.delete(wakeUp)
        resolve()
      }
      const timer = ms === undefined ? undefined : setTimeout(wakeUp, ms)
      idleWorkers.add(wakeUp)
    })

  const slot = async ({ name, runOnce }: Job, isFirst: boolean): Promise<void> => {
    for (let isFailing = false; !stopped; ) {
      try {
        // Where one piece was found there may be more: the slots that sleep look as well.
        const found = await runOnce(() => stopped)
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
  const concurrency = jobs.flatMap((job) =>
    Array.from({ length: job.concurrency }, (_, i) => slot(job, i === 0))
  )
  return {
    wake,
    stop: async () => {
      stopped = true
      wake()
      await Promise.all(concurrency)
    }
  }
}

import type { FastifyBaseLogger } from 'fastify'

/**
 * Work that is waiting in the database, where any instance finds it. A turn takes one piece of it for a bounded time
 * and says whether there was any; it must be such that dying in the middle of it loses and repeats nothing.
 */
export interface Job { name: string, slots: number, turn: (isStopping: () => boolean) => Promise<boolean> }

export interface Jobs { wake: () => void, stop: () => Promise<void> }

/** How long work of another instance may go unnoticed; one's own wakes. */
const POLL_MS = 1000
const RETRY_MS = 1000

/** Works until stopped, each job in as many slots as it has. Stopping waits for the turns under way, which end at their next step. */
export function startJobs (jobs: Job[], log: FastifyBaseLogger, onTurn: (job: string, outcome: 'done' | 'idle' | 'failed') => void = () => {}): Jobs {
  let stopped = false
  let sleepers: (() => void)[] = []
  const wake = () => { const woken = sleepers; sleepers = []; for (const go of woken) go() }
  const sleep = (ms?: number) => new Promise<void>((resolve) => {
    const timer = ms === undefined ? undefined : setTimeout(resolve, ms)
    sleepers.push(() => { clearTimeout(timer); resolve() })
  })

  const slot = async ({ name, turn }: Job, isFirst: boolean): Promise<void> => {
    while (!stopped) {
      try {
        // Where one piece was found there may be more: the slots that sleep look as well.
        const found = await turn(() => stopped)
        onTurn(name, found ? 'done' : 'idle')
        if (found) { if (isFirst) wake() } else if (!stopped) await sleep(isFirst ? POLL_MS * (0.75 + Math.random() / 2) : undefined)
      } catch (err) {
        onTurn(name, 'failed')
        log.warn({ err, job: name }, 'a turn of a job failed')
        if (!stopped) await sleep(RETRY_MS)
      }
    }
  }
  const slots = jobs.flatMap((job) => Array.from({ length: job.slots }, (_, i) => slot(job, i === 0)))
  return {
    wake,
    stop: async () => {
      stopped = true
      wake()
      await Promise.all(slots)
    }
  }
}

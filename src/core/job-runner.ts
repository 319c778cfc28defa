import type { Logger } from 'pino'

/**
 * Work that waits in the database, where any instance finds it. A run handles one piece of it for a limited time and
 * returns whether there was any. When the process is killed during a run, no work may be lost or done twice.
 */
export interface Job {
  name: string
  concurrency: number
  runOnce: (isStopping: () => boolean) => Promise<boolean>
  /** Ends what runs have left in progress. Called when the runner stops, after the last run; never throws. */
  stop?: () => Promise<void>
}

export interface JobRunner {
  wake: () => void
  stop: () => Promise<void>
}

export type RunOutcome = 'done' | 'idle' | 'failed'

/** Interval at which work of other instances is looked for; new work of this instance wakes the runner. */
const POLL_MS = 1000
const RETRY_MS = 1000

/**
 * Runs each job with its concurrency until stopped. `stop` waits for the runs in progress, which end at their next
 * step, and for what they have left in progress. `onRun` is called after each run.
 */
export function startJobRunner(
  jobs: Job[],
  log: Logger,
  onRun: (job: string, outcome: RunOutcome) => void = () => {}
): JobRunner {
  const runner = new Runner(log, onRun)
  const ends = jobs.map(async (job) => {
    await Promise.all(Array.from({ length: job.concurrency }, (_, i) => runner.work(job, i === 0)))
    await job.stop?.()
  })
  return {
    wake: () => runner.wake(),
    stop: async () => {
      runner.isStopped = true
      runner.wake()
      await Promise.all(ends)
    }
  }
}

class Runner {
  isStopped = false
  private idleWorkers = new Set<() => void>()
  private log: Logger
  private onRun: (job: string, outcome: RunOutcome) => void

  constructor(log: Logger, onRun: (job: string, outcome: RunOutcome) => void) {
    this.log = log
    this.onRun = onRun
  }

  /** Runs a job again and again. Only the first worker of a job polls; it wakes the others when it finds work. */
  async work(job: Job, isFirst: boolean): Promise<void> {
    let isFailing = false
    while (!this.isStopped) {
      const outcome = await this.run(job, isFailing)
      isFailing = outcome === 'failed'
      if (outcome === 'done' && isFirst) {
        this.wake()
      }
      if (outcome !== 'done' && !this.isStopped) {
        await this.sleep(outcome === 'failed' ? RETRY_MS : pollInterval(isFirst))
      }
    }
  }

  wake(): void {
    for (const wakeUp of [...this.idleWorkers]) {
      wakeUp()
    }
  }

  private async run({ name, runOnce }: Job, isFailing: boolean): Promise<RunOutcome> {
    try {
      const outcome = (await runOnce(() => this.isStopped)) ? 'done' : 'idle'
      this.onRun(name, outcome)
      return outcome
    } catch (err) {
      this.onRun(name, 'failed')
      // While a database is down only the first failure is a warning.
      this.log[isFailing ? 'debug' : 'warn']({ err, job: name }, 'a job run failed')
      return 'failed'
    }
  }

  /** Waits for `ms`, or until it is woken. */
  private sleep(ms: number | undefined): Promise<void> {
    return new Promise((resolve) => {
      const wakeUp = () => {
        clearTimeout(timer)
        this.idleWorkers.delete(wakeUp)
        resolve()
      }
      const timer = ms === undefined ? undefined : setTimeout(wakeUp, ms)
      this.idleWorkers.add(wakeUp)
    })
  }
}

/** Returns the first worker's interval, with jitter; the others wait until they are woken. */
const pollInterval = (isFirst: boolean): number | undefined =>
  isFirst ? POLL_MS * (0.75 + Math.random() / 2) : undefined

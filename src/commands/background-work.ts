import type { Logger } from 'pino'
import { jobs, scheduledTasks } from '../background.ts'
import type { Deps } from '../core/deps.ts'
import { type JobRunner, startJobRunner } from '../core/job-runner.ts'
import { startScheduler } from '../core/scheduler.ts'

/** Starts the scheduled tasks and, with `runsJobs`, the job runner. `stop` waits for the runs in progress. */
export function startBackgroundWork(
  deps: Pick<Deps, 'db' | 'config' | 'secrets' | 'mail' | 'metrics'>,
  logger: Logger,
  { runsJobs }: { runsJobs: boolean }
): JobRunner {
  const workDeps = { ...deps, log: logger }
  const scheduler = startScheduler(scheduledTasks(workDeps), logger)
  const runner = startJobRunner(runsJobs ? jobs(workDeps) : [], logger, deps.metrics?.recordJobRun)
  return {
    wake: runner.wake,
    stop: async () => {
      await Promise.all([scheduler.stop(), runner.stop()])
    }
  }
}

import type { Logger } from 'pino'
import { jobs, scheduledTasks } from '../background.ts'
import type { Deps } from '../core/deps.ts'
import { type JobRunner, startJobRunner } from '../core/job-runner.ts'
import { startScheduler } from '../core/scheduler.ts'

/** Starts everything that is done without being asked: chores, and jobs unless others take them. Stopping waits for the steps under way. */
export function startBackgroundWork(
  deps: Pick<Deps, 'db' | 'config' | 'metrics'>,
  logger: Logger,
  { takesJobs }: { takesJobs: boolean }
): JobRunner {
  const recurring = startScheduler(scheduledTasks({ ...deps, log: logger }), logger)
  const work = startJobRunner(
    takesJobs ? jobs({ ...deps, log: logger }) : [],
    logger,
    deps.metrics?.recordJobRun
  )
  return {
    wake: work.wake,
    stop: async () => {
      await Promise.all([recurring.stop(), work.stop()])
    }
  }
}

import type { Logger } from 'pino'
import { startChores } from '../core/chores.ts'
import type { Deps } from '../core/deps.ts'
import { type Jobs, startJobs } from '../core/jobs.ts'
import { chores, jobs } from '../jobs.ts'

/** Starts everything that is done without being asked: chores, and jobs unless others take them. Stopping waits for the steps under way. */
export function startWork(
  deps: Pick<Deps, 'db' | 'config' | 'metrics'>,
  logger: Logger,
  { takesJobs }: { takesJobs: boolean }
): Jobs {
  const recurring = startChores(chores(deps), logger)
  const work = startJobs(
    takesJobs ? jobs({ ...deps, log: logger }) : [],
    logger,
    deps.metrics?.turned
  )
  return {
    wake: work.wake,
    stop: async () => {
      await Promise.all([recurring.stop(), work.stop()])
    }
  }
}

import type { FastifyBaseLogger } from 'fastify'
import type { Chore } from './core/chores.ts'
import type { Deps } from './core/deps.ts'
import type { Job } from './core/jobs.ts'
import { purgeThrottle } from './core/login-throttle.ts'
import type { Metrics } from './core/metrics.ts'
import { purgeCodes } from './features/auth/queries.ts'
import { purgeBans } from './features/bans/queries.ts'
import { importJob } from './features/imports/job.ts'
import { countWaiting, purgeImports, secondsLeft } from './features/imports/queries.ts'
import { purgeTasks } from './features/tasks/trash.ts'
import { purgeKeys } from './plugins/idempotency.ts'

/** Every recurring piece of work, gathered from the rooms. */
export function chores({ db, config }: Pick<Deps, 'db' | 'config'>): Chore[] {
  return [
    { name: 'tasks.purge', everySeconds: 600, run: () => purgeTasks(db, config.PURGE_AFTER_DAYS) },
    { name: 'idempotency.purge', everySeconds: 300, run: () => purgeKeys(db) },
    { name: 'codes.purge', everySeconds: 600, run: () => purgeCodes(db) },
    { name: 'bans.purge', everySeconds: 900, run: () => purgeBans(db) },
    { name: 'throttle.purge', everySeconds: 900, run: () => purgeThrottle(db) },
    { name: 'imports.purge', everySeconds: 60, run: () => purgeImports(db) }
  ]
}

/** Work that waits in the database until somebody takes it, gathered from the rooms. */
export const jobs = (deps: Pick<Deps, 'db' | 'config'> & { log: FastifyBaseLogger }): Job[] => [
  importJob(deps)
]

/** What the database knows of the work that is left. */
export function watchWork(metrics: Metrics, { db }: Pick<Deps, 'db'>): void {
  metrics.watchShared('imports_unfinished', 'Imports of everybody that wait or run.', () =>
    countWaiting(db)
  )
  metrics.watchShared(
    'imports_left_seconds',
    'Since something was done for the owner of unfinished imports who was left longest.',
    () => secondsLeft(db)
  )
}

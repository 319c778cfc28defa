import type { Feature } from '../../http/feature.ts'
import { type ImportJobOptions, importJob } from './job.ts'
import { countWaiting, oldestWaitSeconds, purgeImports } from './queries.ts'
import { taskImportRoutes } from './routes.ts'
import { schemas } from './schema.ts'

export const imports: Feature<Parameters<typeof taskImportRoutes>[1], ImportJobOptions> = {
  tags: [
    {
      name: 'TaskImports',
      description: 'Bring tasks in from CSV files: upload, watch, read what was rejected, cancel.'
    }
  ],
  schemas,
  scopes: ['imports:read', 'imports:write'],
  auditSubjects: { import_id: 'task_import' },
  budgets: (config) => ({ imports: { limit: config.RATE_LIMIT_IMPORTS, per: 'user' } }),
  routes: [{ prefix: '/task-imports', plugin: taskImportRoutes }],
  scheduled: ({ db }) => [{ name: 'imports.purge', everySeconds: 60, run: () => purgeImports(db) }],
  jobs: (deps) => [importJob(deps)],
  gauges: (db) => [
    {
      name: 'imports_unfinished',
      help: 'Imports of everybody that wait or run.',
      read: () => countWaiting(db)
    },
    {
      name: 'import_oldest_wait_seconds',
      help: 'Seconds since work was last done for the owner of unfinished imports who has waited longest.',
      read: () => oldestWaitSeconds(db)
    }
  ]
}

import type { Deps } from '../../core/deps.ts'
import type { Feature } from '../../http/feature.ts'
import { countUnfinished, oldestWaitSeconds } from './gauges.queries.ts'
import { type ImportJobOptions, importJob } from './job.ts'
import { previewSchemas } from './preview.schema.ts'
import { purgeImports, purgeImportsOf } from './purge.queries.ts'
import { taskImportRoutes } from './routes.ts'
import { schemas } from './schema.ts'
import { taskImportUploadRoutes } from './upload.routes.ts'

type RouteDeps = Pick<Deps, 'db' | 'config' | 'secrets' | 'wakeJobs'>

export const imports: Feature<RouteDeps, ImportJobOptions> = {
  tags: [
    {
      name: 'TaskImports',
      description:
        'Import tasks from files: preview a file, upload it, watch its progress, read its errors, cancel it.'
    }
  ],
  schemas: [...schemas, ...previewSchemas],
  scopes: ['imports:read', 'imports:write'],
  auditActions: ['task_import.created', 'task_import.finished', 'task_import.cancelled'],
  auditSubjects: { import_id: 'task_import' },
  budgets: (config) => ({
    imports: { limit: config.RATE_LIMIT_IMPORTS, per: 'user' },
    // Apart, so that looking at a file leaves its import possible.
    import_previews: { limit: config.RATE_LIMIT_IMPORTS, per: 'user' }
  }),
  foreignPaths: {
    'POST /api/v1/task-imports':
      'import imports upload tasks/import tasks/upload tasks/csv upload-csv tasks/upload-csv',
    'GET /api/v1/task-imports/{import_id}':
      'tasks/upload/{} tasks/upload/{}/status upload/{} upload/{}/status jobs/{} jobs/{}/status tasks/import/{}'
  },
  routes: [
    { prefix: '/task-imports', plugin: taskImportUploadRoutes },
    { prefix: '/task-imports', plugin: taskImportRoutes }
  ],
  ownedData: [(tx, _ctx, userId) => purgeImportsOf(tx, userId)],
  scheduled: ({ db }) => [{ name: 'imports.purge', everySeconds: 60, run: () => purgeImports(db) }],
  jobs: (deps) => [importJob(deps)],
  gauges: (db) => [
    {
      name: 'imports_unfinished',
      help: 'Queued and running imports of all owners.',
      read: () => countUnfinished(db)
    },
    {
      name: 'import_oldest_wait_seconds',
      help: 'Seconds since the last run for the owner of unfinished imports who has waited longest.',
      read: () => oldestWaitSeconds(db)
    }
  ]
}

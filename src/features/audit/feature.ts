import type { Config } from '../../config.ts'
import type { Deps } from '../../core/deps.ts'
import type { Feature } from '../../http/feature.ts'
import { forgetActor, purgeAuditEvents } from './queries.ts'
import { type AuditDeps, auditRoutes } from './routes.ts'
import { createAuditSchemas, statisticsSchemas } from './schema.ts'

type WorkDeps = { db: Deps['db']; config: Pick<Config, 'AUDIT_RETENTION_DAYS'> }

/** The log of all `actions` that the features declare, and the statistics of the installation. */
export function createAuditFeature(actions: readonly string[]): Feature<AuditDeps, WorkDeps> {
  const schemas = createAuditSchemas(actions)
  return {
    tags: [
      {
        name: 'AuditEvents',
        description: 'Who did what, when and from where. For managers and admins.'
      },
      { name: 'Statistics', description: 'Numbers of the installation. For admins.' }
    ],
    schemas: [...Object.values(schemas), ...statisticsSchemas],
    ownedData: [forgetActor],
    scheduled: ({ db, config: { AUDIT_RETENTION_DAYS: days } }) =>
      days === 0
        ? []
        : [{ name: 'audit.purge', everySeconds: 600, run: () => purgeAuditEvents(db, days) }],
    foreignPaths: { 'GET /api/v1/admin/audit-log': 'audit audit-log logs' },
    routes: [{ prefix: '/admin', plugin: (app, deps) => auditRoutes(app, deps, schemas) }]
  }
}

import type { Feature } from '../../http/feature.ts'
import { type AuditDeps, auditRoutes } from './routes.ts'
import { createAuditSchemas, statisticsSchemas } from './schema.ts'

/** The log of all `actions` that the features declare, and the statistics of the installation. */
export function createAuditFeature(actions: readonly string[]): Feature<AuditDeps> {
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
    routes: [{ prefix: '/admin', plugin: (app, deps) => auditRoutes(app, deps, schemas) }]
  }
}

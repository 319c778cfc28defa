import type { Deps } from '../../core/deps.ts'
import type { Feature } from '../../http/feature.ts'
import { auditRoutes } from './routes.ts'
import { createAuditSchemas, statisticsSchemas } from './schema.ts'

/** The log of everything that `actions` name, and the numbers of the installation. */
export function createAuditFeature(
  actions: readonly string[]
): Feature<Pick<Deps, 'db' | 'secrets'>> {
  const schemas = createAuditSchemas(actions)
  return {
    tags: [
      {
        name: 'AuditEvents',
        description: 'Who did what, when, from where. For managers and admins.'
      },
      { name: 'Statistics', description: 'Numbers of the installation. For admins.' }
    ],
    schemas: [...Object.values(schemas), ...statisticsSchemas],
    routes: [{ prefix: '/admin', plugin: (app, deps) => auditRoutes(app, deps, schemas) }]
  }
}

import type { Feature } from '../../http/feature.ts'
import { purgeKeysOf } from './queries.ts'
import { type ApiKeyDeps, apiKeyRoutes } from './routes.ts'
import { createApiKeySchemas } from './schema.ts'

/** API keys for programs, each limited to some of `scopes`. */
export function createApiKeysFeature(scopes: readonly string[]): Feature<ApiKeyDeps> {
  const schemas = createApiKeySchemas(scopes)
  return {
    tags: [{ name: 'ApiKeys', description: 'API keys for programs: create, list, revoke.' }],
    schemas: Object.values(schemas),
    auditActions: ['api_key.created', 'api_key.revoked'],
    auditSubjects: { key_id: 'api_key' },
    ownedData: [purgeKeysOf],
    routes: [{ prefix: '/me/api-keys', plugin: (app, deps) => apiKeyRoutes(app, deps, schemas) }]
  }
}

import type { Feature } from '../../http/feature.ts'
import { accountRoutes } from './accounts.routes.ts'
import { accountSchemas } from './accounts.schema.ts'
import { userApiKeyRoutes } from './api-keys.routes.ts'
import { type AdminUserDeps, adminUserRoutes } from './routes.ts'
import { schemas } from './schema.ts'

export const adminUsers: Feature<AdminUserDeps> = {
  tags: [
    {
      name: 'AdminUsers',
      description: 'All accounts: roles, access, sessions, API keys and deletion. For admins.'
    }
  ],
  schemas: [...schemas, ...accountSchemas],
  foreignPaths: {
    'GET /api/v1/admin/users': 'users',
    'PATCH /api/v1/admin/users/{user_id}': 'users/{} users/{}/role admin/users/{}/role'
  },
  routes: [
    { prefix: '/admin/users', plugin: adminUserRoutes },
    { prefix: '/admin/users', plugin: accountRoutes },
    { prefix: '/admin/users/:user_id/api-keys', plugin: userApiKeyRoutes }
  ]
}

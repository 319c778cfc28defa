import type { Feature } from '../../http/feature.ts'
import type { IdentityDeps } from '../identity/service.ts'
import { accountRoutes } from './routes.ts'
import { schemas } from './schema.ts'

export const account: Feature<IdentityDeps> = {
  tags: [{ name: 'Users', description: 'Your own account.' }],
  schemas,
  scopes: ['profile:read'],
  auditActions: ['user.email_change_requested'],
  routes: [{ prefix: '/me', plugin: accountRoutes }]
}

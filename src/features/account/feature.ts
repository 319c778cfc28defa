import type { Feature } from '../../http/feature.ts'
import type { IdentityDeps } from '../identity/service.ts'
import { accountRoutes } from './routes.ts'
import { schemas } from './schema.ts'

export const account: Feature<IdentityDeps> = {
  tags: [{ name: 'Users', description: 'Your own account.' }],
  schemas,
  scopes: ['profile:read'],
  auditActions: ['user.email_change_requested'],
  foreignPaths: {
    'GET /api/v1/me':
      'profile user users/me auth/me users/profile auth/user whoami account members/me'
  },
  routes: [{ prefix: '/me', plugin: accountRoutes }]
}

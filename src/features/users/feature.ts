import type { Deps } from '../../core/deps.ts'
import type { Feature } from '../../http/feature.ts'
import { adminUserRoutes } from './admin.routes.ts'
import { meRoutes } from './routes.ts'
import { schemas } from './schema.ts'

type UsersDeps = Parameters<typeof meRoutes>[1] &
  Parameters<typeof adminUserRoutes>[1] &
  Pick<Deps, 'secrets'>

export const users: Feature<UsersDeps> = {
  tags: [
    { name: 'Users', description: "One's own profile." },
    {
      name: 'AdminUsers',
      description: "Everybody's accounts: roles, access, deletion. For admins."
    }
  ],
  schemas,
  scopes: ['profile:read'],
  auditActions: [
    'user.profile_changed',
    'user.password_changed',
    'user.deleted',
    'user.role_changed',
    'user.disabled',
    'user.enabled'
  ],
  auditSubjects: { user_id: 'user' },
  routes: [
    { prefix: '/me', plugin: meRoutes },
    { prefix: '/admin/users', plugin: adminUserRoutes }
  ]
}

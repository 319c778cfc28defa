import type { Deps } from '../../core/deps.ts'
import type { Feature } from '../../http/feature.ts'
import type { AuthDeps } from './deps.ts'
import { emailVerificationRoutes } from './email-verification.routes.ts'
import { passwordRoutes } from './password.routes.ts'
import { passwordResetRoutes } from './password-reset.routes.ts'
import * as passwordReset from './password-reset.schema.ts'
import { purgeCodes } from './queries.ts'
import { authRoutes } from './routes.ts'
import { schemas } from './schema.ts'
import { tokenRoutes } from './token.routes.ts'

export const auth: Feature<AuthDeps, Pick<Deps, 'db'>> = {
  tags: [{ name: 'Auth', description: 'Sign up, log in, stay in, log out.' }],
  schemas: [...schemas, ...passwordReset.schemas],
  auditActions: [
    'user.registered',
    'user.logged_in',
    'user.logged_out',
    'user.reset_requested',
    'user.reset_code_checked',
    'user.password_reset',
    'user.verification_requested',
    'user.email_verified',
    'user.email_change_requested',
    'user.email_changed',
    'access.refused'
  ],
  budgets: (config) => ({
    auth: {
      limit: config.RATE_LIMIT_AUTH,
      per: 'operation_and_ip',
      violations: ['bad_credentials', 'invalid_grant']
    },
    refresh: { limit: config.RATE_LIMIT_REFRESH, per: 'ip' }
  }),
  routes: [
    { prefix: '/auth', plugin: authRoutes },
    { prefix: '/auth', plugin: tokenRoutes },
    { prefix: '/auth', plugin: passwordResetRoutes },
    { prefix: '/auth', plugin: emailVerificationRoutes },
    { prefix: '/me', plugin: passwordRoutes }
  ],
  scheduled: ({ db }) => [{ name: 'codes.purge', everySeconds: 600, run: () => purgeCodes(db) }]
}

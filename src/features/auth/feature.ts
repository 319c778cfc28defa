import type { Feature } from '../../http/feature.ts'
import { browserSessionRoutes } from './browser-session.routes.ts'
import { emailVerificationRoutes } from './email-verification.routes.ts'
import { schemas as emailVerificationSchemas } from './email-verification.schema.ts'
import { passwordResetRoutes } from './password-reset.routes.ts'
import { schemas as passwordResetSchemas } from './password-reset.schema.ts'
import { authRoutes } from './routes.ts'
import { schemas } from './schema.ts'
import { COOKIE_PATH } from './session-cookie.ts'
import { type SessionDeps, sessionRoutes } from './sessions.routes.ts'
import { schemas as sessionSchemas } from './sessions.schema.ts'
import { tokenRoutes } from './token.routes.ts'

/** Several times what names, an address and a password take: anybody may send one. */
const MAX_BODY_BYTES = 8192

export const auth: Feature<SessionDeps> = {
  tags: [
    { name: 'Auth', description: 'Registration, login, tokens, password reset, email codes.' },
    { name: 'Sessions', description: 'Where you are logged in.' }
  ],
  schemas: [...schemas, ...passwordResetSchemas, ...emailVerificationSchemas, ...sessionSchemas],
  auditActions: [
    'user.logged_in',
    'user.logged_out',
    'user.reset_requested',
    'user.reset_code_checked',
    'user.password_reset',
    'user.verification_requested',
    'user.email_verified',
    'user.email_changed',
    'access.refused'
  ],
  budgets: (config) => ({
    auth: {
      limit: config.RATE_LIMIT_AUTH,
      per: 'operation_and_ip',
      maxBodyBytes: MAX_BODY_BYTES,
      violations: [
        'bad_credentials',
        'invalid_grant',
        'invalid_code',
        'invalid_reset_token',
        'invalid_invitation'
      ]
    },
    refresh: {
      limit: config.RATE_LIMIT_REFRESH,
      per: 'ip',
      maxBodyBytes: MAX_BODY_BYTES,
      violations: ['bad_credentials']
    }
  }),
  foreignPaths: {
    'POST /api/v1/auth/register':
      'signup sign-up register auth/signup auth/sign-up users/register users/signup accounts users',
    'POST /api/v1/auth/login':
      'login signin sign-in auth/signin auth/sign-in users/login session sessions authenticate',
    'POST /api/v1/auth/token': 'token oauth/token auth/jwt/create token/obtain',
    'POST /api/v1/auth/refresh':
      'refresh token/refresh auth/token/refresh refresh-token auth/refresh-token user/token',
    'POST /api/v1/auth/logout': 'logout signout sign-out auth/signout users/logout',
    'POST /api/v1/auth/forgot-password':
      'forgot forgot-password password/forgot auth/forgot password-reset request-reset ' +
      'auth/request-otp request-otp auth/send-otp send-otp auth/password/forgot',
    'POST /api/v1/auth/verify-otp':
      'verify-otp verify-code auth/verify-code otp/verify auth/verify',
    'POST /api/v1/auth/reset-password':
      'reset-password password/reset auth/reset auth/password/reset'
  },
  routes: [
    { prefix: '/auth', plugin: authRoutes },
    { prefix: '/auth', plugin: tokenRoutes },
    { prefix: '/auth', plugin: passwordResetRoutes },
    { prefix: '/auth', plugin: emailVerificationRoutes },
    { prefix: '/auth/sessions', plugin: sessionRoutes },
    { prefix: COOKIE_PATH, isRoot: true, plugin: browserSessionRoutes }
  ]
}

import { noContent } from '../../http/replies.ts'
import { NoContent, ref, responses } from '../../http/schemas.ts'
import type { App } from '../../http/server.ts'
import { md } from '../../lib/md.ts'
import type { IdentityDeps } from '../identity/service.ts'
import {
  ForgotPassword,
  OtpCheck,
  PasswordReset,
  ResetGrant,
  ResetRequest
} from './password-reset.schema.ts'
import { requestReset, resetPassword, verifyResetCode } from './password-reset.ts'

const tags = ['Auth']
const config = { allow: 'anyone', budget: 'auth', checksCredentials: true } as const

const forgot = {
  config,
  schema: {
    operationId: 'requestPasswordReset',
    tags,
    summary: 'Request a password reset',
    description: md`Sends a code of eight digits to the email if it belongs to an account. The response
                    is the same if it does not. Each request has an id of its own, which only you know.
                    At most one email is sent per minute to one network: the code in it works with the
                    ids of all your requests in that minute.`,
    body: ref(ForgotPassword),
    response: responses({ 202: ref(ResetRequest) }, 'cross_site')
  }
} as const

const verify = {
  config,
  schema: {
    operationId: 'verifyResetCode',
    tags,
    summary: 'Exchange the code for a reset token',
    description: md`A code is valid for ten minutes, for five attempts, and works once; only the newest
                    one that was requested from your network is valid. Every failure gets the same
                    response, even a sixth attempt with the right code.`,
    body: ref(OtpCheck),
    response: responses({ 200: ref(ResetGrant) }, 'invalid_code', 'cross_site')
  }
} as const

const reset = {
  config,
  schema: {
    operationId: 'resetPassword',
    tags,
    summary: 'Set a new password',
    description: md`Ends every session of the account, revokes its API keys and notifies the owner by
                    email. A password that is rejected does not use up the token.`,
    body: ref(PasswordReset),
    response: responses(
      { 204: NoContent('The password has been changed.') },
      'invalid_reset_token',
      'password_reused',
      'cross_site'
    )
  }
} as const

/** Resets a forgotten password: request a code, exchange it for a token, set a new password. */
export async function passwordResetRoutes(app: App, deps: IdentityDeps) {
  app.post('/forgot-password', forgot, async (request, reply) => {
    const response = await requestReset(request.anonymousCtx, deps, request.body.email)
    reply.code(202).header('cache-control', 'no-store')
    return response
  })

  app.post('/verify-otp', verify, async (request, reply) => {
    const grant = await verifyResetCode(request.anonymousCtx, deps, request.body)
    reply.header('cache-control', 'no-store')
    return grant
  })

  app.post('/reset-password', reset, async (request, reply) => {
    await resetPassword(request.anonymousCtx, deps, request.body)
    return noContent(reply)
  })
}

import { sourceOf } from '../../http/plugins/audit-denied.ts'
import { NoContent, ref, responses } from '../../http/schemas.ts'
import type { App } from '../../http/server.ts'
import type { AuthDeps } from './deps.ts'
import {
  ForgotPassword,
  OtpCheck,
  PasswordReset,
  ResetGrant,
  ResetRequest
} from './password-reset.schema.ts'
import { requestReset, resetPassword, verifyResetCode } from './password-reset.ts'

const tags = ['Auth']
const config = { allow: 'anyone', budget: 'auth' } as const

/** A forgotten password: ask, prove that the mailbox is yours, choose another. */
export async function passwordResetRoutes(app: App, deps: AuthDeps) {
  app.post(
    '/forgot-password',
    {
      config,
      schema: {
        operationId: 'requestPasswordReset',
        tags,
        summary: 'Ask for a new password',
        description:
          'Sends a code of eight digits to the address if it belongs to an account. The answer is the same if it does not. Letters are at least a minute apart; asking again sooner names the request that is open.',
        body: ref(ForgotPassword),
        response: responses({ 202: ref(ResetRequest) })
      }
    },
    async (request, reply) => {
      const answer = await requestReset(deps, request.body.email, sourceOf(request))
      reply.code(202).header('cache-control', 'no-store')
      return answer
    }
  )

  app.post(
    '/verify-otp',
    {
      config,
      schema: {
        operationId: 'verifyResetCode',
        tags,
        summary: 'Exchange the code for a reset token',
        description:
          'A code is valid for ten minutes, for five tries and for one use, and only the newest counts. Every failure is one identical refusal, also the sixth try with the right code.',
        body: ref(OtpCheck),
        response: responses({ 200: ref(ResetGrant) }, 'invalid_code')
      }
    },
    async (request, reply) => {
      const grant = await verifyResetCode(deps, request.body, sourceOf(request))
      reply.header('cache-control', 'no-store')
      return grant
    }
  )

  app.post(
    '/reset-password',
    {
      config,
      schema: {
        operationId: 'resetPassword',
        tags,
        summary: 'Choose the new password',
        description:
          'Ends every session of the account and revokes its API keys; the owner is told by mail. A password that is refused does not use up the token.',
        body: ref(PasswordReset),
        response: responses({ 204: NoContent('The new password counts.') }, 'invalid_reset_token')
      }
    },
    async (request, reply) => {
      await resetPassword(deps, request.body, sourceOf(request))
      return reply.code(204).send(null)
    }
  )
}

import { sourceOf } from '../../http/plugins/audit-denied.ts'
import { NoContent, ref, responses } from '../../http/schemas.ts'
import type { App } from '../../http/server.ts'
import type { AuthDeps } from './deps.ts'
import { confirmEmail, requestVerification } from './email-verification.ts'
import { EmailConfirmation, VerificationRequest } from './password-reset.schema.ts'

const tags = ['Auth']
const config = { allow: 'anyone', budget: 'auth' } as const

/** Proof that an address belongs to whoever gave it. For anyone, since those who still owe it may not be able to log in. */
export async function emailVerificationRoutes(app: App, deps: AuthDeps) {
  app.post(
    '/verify-email',
    {
      config,
      schema: {
        operationId: 'verifyEmail',
        tags,
        summary: 'Confirm an address',
        description:
          'Takes the code that was sent to the address at registration, by request, or for a change of address, which takes effect now. Valid for ten minutes, five tries and one use.',
        body: ref(EmailConfirmation),
        response: responses(
          { 204: NoContent('The address is confirmed.') },
          'invalid_code',
          'account_exists'
        )
      }
    },
    async (request, reply) => {
      await confirmEmail(deps, request.body, sourceOf(request))
      return reply.code(204).send(null)
    }
  )

  app.post(
    '/verify-email/resend',
    {
      config,
      schema: {
        operationId: 'resendVerificationCode',
        tags,
        summary: 'Send another code for an address',
        description:
          'Sends a code if the address belongs to an account and is not confirmed yet. The answer is the same if it does not or is. Letters are at least a minute apart. For a change of address, ask for the change again.',
        body: ref(VerificationRequest),
        response: responses({
          202: NoContent('If there is anything to confirm, a letter is on its way.')
        })
      }
    },
    async (request, reply) => {
      await requestVerification(deps, request.body.email, sourceOf(request))
      // With null the body would be its JSON, as only 204 has none by nature.
      return reply.code(202).send(undefined as unknown as null)
    }
  )
}

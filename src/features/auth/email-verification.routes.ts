import { noContent } from '../../http/replies.ts'
import { NoContent, ref, responses } from '../../http/schemas.ts'
import type { App } from '../../http/server.ts'
import { md } from '../../lib/md.ts'
import type { IdentityDeps } from '../identity/service.ts'
import { EmailConfirmation, VerificationRequest } from './email-verification.schema.ts'
import { confirmEmail, requestVerification } from './email-verification.ts'

const tags = ['Auth']
const config = { allow: 'anyone', budget: 'auth', checksCredentials: true } as const

const verify = {
  config: { ...config, identifiesCaller: true },
  schema: {
    operationId: 'verifyEmail',
    tags,
    summary: 'Confirm an email',
    description: md`Takes the code that was sent to the email when you signed up, requested a code or
                    asked to change your email; such a change takes effect now. A code is valid for ten
                    minutes, for five attempts, and works once. No login is needed, but with an access
                    token in the header Authorization only the codes of your account count. Send it
                    after a change of email: without it the code is rejected while another account
                    waits for the same email.`,
    body: ref(EmailConfirmation),
    response: responses(
      { 204: NoContent('The email is confirmed.') },
      'invalid_code',
      'cross_site',
      'account_exists'
    )
  }
} as const

const resend = {
  config,
  schema: {
    operationId: 'resendVerificationCode',
    tags,
    summary: 'Send another code for an email',
    description: md`Sends a code if the email belongs to an account and is not confirmed yet. The
                    response is the same in any case. At most one email is sent per minute. To get
                    another code for a change of email, request the change again.`,
    body: ref(VerificationRequest),
    response: responses(
      { 202: NoContent('If there is anything to confirm, an email is on its way.') },
      'cross_site'
    )
  }
} as const

/** Confirms emails. Open to anyone, since accounts whose email is not confirmed may not be able to log in. */
export async function emailVerificationRoutes(app: App, deps: IdentityDeps) {
  app.post('/verify-email', verify, async (request, reply) => {
    const { anonymousCtx, body, knownCaller } = request
    await confirmEmail(anonymousCtx, deps, body, knownCaller?.id)
    return noContent(reply)
  })

  app.post('/verify-email/resend', resend, async (request, reply) => {
    await requestVerification(request.anonymousCtx, deps, request.body.email)
    // Only a 204 has no body by nature: null would be sent as JSON.
    return reply.code(202).send(undefined as unknown as null)
  })
}

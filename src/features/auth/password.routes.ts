import { actorOf } from '../../http/plugins/audit-denied.ts'
import { NoContent, ref, responses } from '../../http/schemas.ts'
import type { App } from '../../http/server.ts'
import type { AuthDeps } from './deps.ts'
import { changePassword } from './password.ts'
import { PasswordChange } from './schema.ts'

/** Stands here and not among the profile's routes, since the policy for passwords does. */
export async function passwordRoutes(app: App, deps: AuthDeps) {
  app.post(
    '/password',
    {
      config: { allow: 'user' },
      schema: {
        operationId: 'changePassword',
        tags: ['Users'],
        summary: 'Change your password',
        description: 'Needs the current one. This session stays, all others end.',
        body: ref(PasswordChange),
        response: responses({ 204: NoContent('The new password counts.') }, 'wrong_password')
      }
    },
    async (request, reply) => {
      await changePassword(deps, actorOf(request), request.caller, request.body)
      return reply.code(204).send(null)
    }
  )
}

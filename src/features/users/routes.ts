import { invalidField, unauthenticated } from '../../core/problem.ts'
import { actorOf } from '../../http/plugins/audit-denied.ts'
import { NoContent, ref, responses } from '../../http/schemas.ts'
import type { App } from '../../http/server.ts'
import { findUser } from './queries.ts'
import { AccountDeletion, MeUpdate, User } from './schema.ts'
import { type ChangeEmail, deleteMe, type UserDeps, updateMe } from './service.ts'

const tags = ['Users']

/** One's own profile. */
export async function meRoutes(app: App, deps: UserDeps & { changeAddress: ChangeEmail }) {
  app.get(
    '/',
    {
      config: { allow: 'user', scope: 'profile:read', allowUnverified: true },
      schema: {
        operationId: 'getMe',
        tags,
        summary: 'Read your profile',
        description: 'The account that the access token belongs to.',
        response: responses({ 200: ref(User) })
      }
    },
    async (request) => {
      const user = await findUser(deps.db, request.caller.id)
      if (!user) {
        throw unauthenticated('The account is gone.')
      }
      return user
    }
  )

  app.patch(
    '/',
    {
      config: { allow: 'user', allowUnverified: true },
      schema: {
        operationId: 'updateMe',
        tags,
        summary: 'Change your profile',
        description:
          'A JSON merge patch (RFC 7396): an absent field stays as it is, null clears the name. With `email` and `current_password` a code goes to the new address, which takes the place of the old one when the code comes back (verifyEmail); until then the answer still shows the old one.',
        body: ref(MeUpdate),
        response: responses({ 200: ref(User) }, 'account_exists', 'wrong_password')
      }
    },
    (request) => {
      const { email, current_password, ...profile } = request.body
      if (email === undefined && current_password === undefined) {
        return updateMe(deps.db, actorOf(request), request.caller.id, profile)
      }
      if (email === undefined) {
        throw invalidField(
          'body',
          '/current_password',
          'excluded',
          'current_password is only asked for with email.'
        )
      }
      if (current_password === undefined) {
        throw invalidField(
          'body',
          '/current_password',
          'required',
          'current_password is required to change the email.'
        )
      }
      return deps.changeAddress(actorOf(request), request.caller.id, {
        ...profile,
        email,
        current_password
      })
    }
  )

  app.delete(
    '/',
    {
      config: { allow: 'user', allowUnverified: true },
      schema: {
        operationId: 'deleteMe',
        tags,
        summary: 'Delete your account',
        description:
          'Removes it for good, with its tasks, sessions and keys. Needs the password; the last active admin stays.',
        body: ref(AccountDeletion),
        response: responses(
          { 204: NoContent('The account is gone.') },
          'wrong_password',
          'last_admin'
        )
      }
    },
    async (request, reply) => {
      await deleteMe(deps, actorOf(request), request.caller, request.body.password)
      return reply.code(204).send(null)
    }
  )
}

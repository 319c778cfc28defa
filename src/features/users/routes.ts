import { Problem } from '../../core/problem.ts'
import { actorOf } from '../../plugins/audit.ts'
import type { App } from '../../plugins/server.ts'
import { Nothing, ref, replies } from '../../plugins/wire.ts'
import { findUser } from './queries.ts'
import { AccountDeletion, MeUpdate, User } from './schema.ts'
import { deleteMe, updateMe, type UserDeps } from './service.ts'

const tags = ['Users']

/** One's own profile. */
export async function meRoutes (app: App, deps: UserDeps) {
  app.get('/', {
    config: { allow: 'user', scope: 'profile:read' },
    schema: {
      operationId: 'getMe', tags, summary: 'Read your profile', description: 'The account that the access token belongs to.',
      response: replies({ 200: ref(User) })
    }
  }, async (request) => {
    const user = await findUser(deps.db, request.caller.id)
    if (!user) throw new Problem('not_found')
    return user
  })

  app.patch('/', {
    config: { allow: 'user' },
    schema: {
      operationId: 'updateMe', tags, summary: 'Change your profile', description: 'A JSON merge patch (RFC 7396): an absent field stays as it is, null clears the name.',
      body: ref(MeUpdate), response: replies({ 200: ref(User) }, 'account_exists')
    }
  }, (request) => updateMe(deps.db, actorOf(request), request.caller.id, request.body))

  app.delete('/', {
    config: { allow: 'user' },
    schema: {
      operationId: 'deleteMe', tags, summary: 'Delete your account', description: 'Removes it for good, with its tasks, sessions and keys. Needs the password; the last active admin stays.',
      body: ref(AccountDeletion), response: replies({ 204: Nothing('The account is gone.') }, 'wrong_password', 'last_admin')
    }
  }, async (request, reply) => {
    await deleteMe(deps, actorOf(request), request.caller, request.body.password)
    return reply.code(204).send(null)
  })
}

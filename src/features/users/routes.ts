import type { Deps } from '../../core/deps.ts'
import { Problem } from '../../core/problem.ts'
import type { App } from '../../plugins/server.ts'
import { ref, replies } from '../../plugins/wire.ts'
import { findUser } from './queries.ts'
import { MeUpdate, User } from './schema.ts'
import { updateMe } from './service.ts'

/** One's own profile. */
export async function meRoutes (app: App, { db }: Pick<Deps, 'db'>) {
  app.get('/', {
    config: { allow: 'user' },
    schema: {
      operationId: 'getMe', tags: ['Users'], summary: 'Read your profile', description: 'The account that the access token belongs to.',
      response: replies({ 200: ref(User) })
    }
  }, async (request) => {
    const user = await findUser(db, request.caller.id)
    if (!user) throw new Problem('not_found')
    return user
  })

  app.patch('/', {
    config: { allow: 'user' },
    schema: {
      operationId: 'updateMe', tags: ['Users'], summary: 'Change your profile', description: 'A JSON merge patch (RFC 7396): an absent field stays as it is, null clears the name.',
      body: ref(MeUpdate), response: replies({ 200: ref(User) }, 'account_exists')
    }
  }, (request) => updateMe(db, request.caller.id, request.body))
}

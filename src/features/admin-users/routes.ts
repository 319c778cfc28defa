import type { Deps } from '../../core/deps.ts'
import { Problem } from '../../core/problem.ts'
import { deriveKeys } from '../../core/secrets.ts'
import { paginateNewestFirst } from '../../http/pagination.ts'
import { noContent } from '../../http/replies.ts'
import { NoContent, ref, responses } from '../../http/schemas.ts'
import type { App } from '../../http/server.ts'
import { md } from '../../lib/md.ts'
import type { IdentityDeps } from '../identity/service.ts'
import { countUsers, findAdminUser, listUsers } from './queries.ts'
import { AdminUser, AdminUserPage, AdminUserUpdate, UserListQuery, UserParams } from './schema.ts'
import { deleteUser, endUserSessions, updateUser } from './service.ts'

export type AdminUserDeps = IdentityDeps & Pick<Deps, 'secrets'>

const tags = ['AdminUsers']
const config = { allow: 'admin' } as const

const list = {
  config,
  schema: {
    operationId: 'listUsers',
    tags,
    summary: 'List users',
    description: 'All accounts, newest first.',
    querystring: UserListQuery,
    response: responses({ 200: ref(AdminUserPage) })
  }
} as const

const get = {
  config,
  schema: {
    operationId: 'getUser',
    tags,
    summary: 'Read a user',
    description: 'Returns one account.',
    params: UserParams,
    response: responses({ 200: ref(AdminUser) }, 'not_found')
  }
} as const

const update = {
  config,
  schema: {
    operationId: 'updateUser',
    tags,
    summary: 'Change role or access of a user',
    description: md`Takes effect immediately. Disabling or demoting a user ends all their sessions. You
                    cannot change your own role; another admin can. The last active admin cannot be
                    demoted or disabled.`,
    params: UserParams,
    body: ref(AdminUserUpdate),
    response: responses({ 200: ref(AdminUser) }, 'not_found', 'own_account', 'last_admin')
  }
} as const

const remove = {
  config,
  schema: {
    operationId: 'deleteUser',
    tags,
    summary: 'Delete a user',
    description: md`Permanently deletes the account with its tasks, sessions and API keys. Nobody can use or see it
                    any more, and its username and email are available again. A large account takes
                    a while to be removed from the database. The audit log keeps its id, and forgets its
                    name and IP addresses.`,
    params: UserParams,
    response: responses(
      { 204: NoContent('The account has been deleted.') },
      'not_found',
      'own_account',
      'last_admin'
    )
  }
} as const

const endSessions = {
  config,
  schema: {
    operationId: 'endUserSessions',
    tags,
    summary: 'End every session of a user',
    description: 'The user has to log in again on every device. Their API keys are revoked, too.',
    params: UserParams,
    response: responses(
      { 204: NoContent('All sessions of the user have ended, and their API keys are revoked.') },
      'not_found'
    )
  }
} as const

/** The accounts of all users, for admins. */
export async function adminUserRoutes(app: App, deps: AdminUserDeps) {
  const { db } = deps
  const page = paginateNewestFirst(deriveKeys(deps.secrets, 'cursor'))

  app.get('/', list, async (request, reply) => {
    const { limit: _limit, cursor: _cursor, include_total, ...filter } = request.query
    return page(request, reply, {
      list: 'users',
      filter: [filter.q, filter.role, filter.disabled],
      read: (limit, after) => listUsers(db, filter, limit, after),
      total: include_total ? () => countUsers(db, filter) : undefined
    })
  })

  app.get('/:user_id', get, async (request) => {
    const user = await findAdminUser(db, request.params.user_id)
    if (!user) {
      throw new Problem('not_found')
    }
    return user
  })

  app.patch('/:user_id', update, (request) =>
    updateUser(request.ctx, deps, request.params.user_id.toLowerCase(), request.body)
  )

  app.delete('/:user_id', remove, async (request, reply) => {
    await deleteUser(request.ctx, deps, request.params.user_id.toLowerCase())
    return noContent(reply)
  })

  app.delete('/:user_id/sessions', endSessions, async (request, reply) => {
    await endUserSessions(request.ctx, deps, request.params.user_id.toLowerCase())
    return noContent(reply)
  })
}

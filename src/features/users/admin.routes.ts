import type { Deps } from '../../core/deps.ts'
import { Problem } from '../../core/problem.ts'
import { deriveKeys } from '../../core/secrets.ts'
import { paginateNewestFirst } from '../../http/pagination.ts'
import { actorOf } from '../../http/plugins/audit-denied.ts'
import { NoContent, ref, responses } from '../../http/schemas.ts'
import type { App } from '../../http/server.ts'
import { deleteUser, endUserSessions, updateUser } from './admin.service.ts'
import { countUsers, findAdminUser, listUsers } from './queries.ts'
import { AdminUser, AdminUserPage, AdminUserUpdate, UserListQuery, UserParams } from './schema.ts'
import type { UserDeps } from './service.ts'

const tags = ['AdminUsers']
const config = { allow: 'admin' } as const

/** Everybody's accounts. */
export async function adminUserRoutes(
  app: App,
  deps: Omit<UserDeps, 'throttle'> & Pick<Deps, 'secrets'>
) {
  const { db } = deps
  const page = paginateNewestFirst(deriveKeys(deps.secrets, 'cursor'))

  app.get(
    '/',
    {
      config,
      schema: {
        operationId: 'listUsers',
        tags,
        summary: 'List users',
        description: 'Everybody with an account, newest first.',
        querystring: UserListQuery,
        response: responses({ 200: ref(AdminUserPage) })
      }
    },
    async (request, reply) => {
      const { limit: _limit, cursor: _cursor, include_total, ...filter } = request.query
      return page(request, reply, {
        list: 'users',
        filter: [filter.q, filter.role, filter.disabled],
        read: (limit, after) => listUsers(db, filter, limit, after),
        total: include_total ? () => countUsers(db, filter) : undefined
      })
    }
  )

  app.get(
    '/:user_id',
    {
      config,
      schema: {
        operationId: 'getUser',
        tags,
        summary: 'Read a user',
        description: 'One account.',
        params: UserParams,
        response: responses({ 200: ref(AdminUser) }, 'not_found')
      }
    },
    async (request) => {
      const user = await findAdminUser(db, request.params.user_id)
      if (!user) {
        throw new Problem('not_found')
      }
      return user
    }
  )

  app.patch(
    '/:user_id',
    {
      config,
      schema: {
        operationId: 'updateUser',
        tags,
        summary: 'Change role or access of a user',
        description:
          'Acts at once. Disabling and demoting end every session of the user. Your own role is changed by another admin only, and the last active admin stays.',
        params: UserParams,
        body: ref(AdminUserUpdate),
        response: responses({ 200: ref(AdminUser) }, 'not_found', 'own_account', 'last_admin')
      }
    },
    (request) =>
      updateUser(
        deps,
        actorOf(request),
        request.caller,
        request.params.user_id.toLowerCase(),
        request.body
      )
  )

  app.delete(
    '/:user_id',
    {
      config,
      schema: {
        operationId: 'deleteUser',
        tags,
        summary: 'Delete a user',
        description:
          'Removes the account for good, with its tasks, sessions and keys. The audit log keeps who it was.',
        params: UserParams,
        response: responses(
          { 204: NoContent('The account is gone.') },
          'not_found',
          'own_account',
          'last_admin'
        )
      }
    },
    async (request, reply) => {
      await deleteUser(deps, actorOf(request), request.caller, request.params.user_id.toLowerCase())
      return reply.code(204).send(null)
    }
  )

  app.delete(
    '/:user_id/sessions',
    {
      config,
      schema: {
        operationId: 'endUserSessions',
        tags,
        summary: 'End every session of a user',
        description: 'The user has to log in again, everywhere.',
        params: UserParams,
        response: responses({ 204: NoContent('No session of the user is left.') }, 'not_found')
      }
    },
    async (request, reply) => {
      await endUserSessions(
        deps,
        actorOf(request),
        request.caller,
        request.params.user_id.toLowerCase()
      )
      return reply.code(204).send(null)
    }
  )
}

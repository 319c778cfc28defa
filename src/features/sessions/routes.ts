import type { Deps } from '../../core/deps.ts'
import { Problem } from '../../core/problem.ts'
import { deriveKeys } from '../../core/secrets.ts'
import { paginateNewestFirst } from '../../http/pagination.ts'
import { actorOf } from '../../http/plugins/audit-denied.ts'
import { NoContent, ref, responses } from '../../http/schemas.ts'
import type { App } from '../../http/server.ts'
import { listSessions } from './queries.ts'
import { type Session, SessionListQuery, SessionPage, SessionParams } from './schema.ts'
import type { Sessions } from './service.ts'

const tags = ['Sessions']

/** Where one is logged in. */
export async function sessionRoutes(
  app: App,
  { db, secrets, sessions }: Pick<Deps, 'db' | 'secrets'> & { sessions: Sessions }
) {
  const page = paginateNewestFirst(deriveKeys(secrets, 'cursor'))

  app.get(
    '/',
    {
      config: { allow: 'user' },
      schema: {
        operationId: 'listSessions',
        tags,
        summary: 'List your sessions',
        description: 'Where you are logged in, newest first; at most 20 sessions live at once.',
        querystring: SessionListQuery,
        response: responses({ 200: ref(SessionPage) })
      }
    },
    async (request, reply) =>
      page(request, reply, {
        list: 'sessions',
        read: async (limit, after) =>
          (await listSessions(db, request.caller.id, limit, after)).map(
            (row): Session => ({ ...row, current: row.id === request.caller.session_id })
          )
      })
  )

  app.delete(
    '/:session_id',
    {
      config: { allow: 'user' },
      schema: {
        operationId: 'endSession',
        tags,
        summary: 'End one of your sessions',
        description: 'Its access token and its refresh token are worth nothing from now on.',
        params: SessionParams,
        response: responses({ 204: NoContent('The session has ended.') }, 'not_found')
      }
    },
    async (request, reply) => {
      const { caller, params } = request
      if (
        !(await sessions.end(
          { session_id: params.session_id.toLowerCase(), user_id: caller.id },
          actorOf(request),
          'session.ended'
        ))
      ) {
        throw new Problem('not_found')
      }
      return reply.code(204).send(null)
    }
  )

  app.delete(
    '/',
    {
      config: { allow: 'user' },
      schema: {
        operationId: 'endOtherSessions',
        tags,
        summary: 'End all other sessions',
        description: 'Ends every session of yours but this one.',
        response: responses({ 204: NoContent('You are logged in only here.') })
      }
    },
    async (request, reply) => {
      await sessions.endOthers(request.caller.id, request.caller.session_id, actorOf(request))
      return reply.code(204).send(null)
    }
  )
}

import type { Deps } from '../../core/deps.ts'
import { Problem } from '../../core/problem.ts'
import { deriveKeys } from '../../core/secrets.ts'
import { paginateNewestFirst } from '../../http/pagination.ts'
import { noContent } from '../../http/replies.ts'
import { NoContent, ref, responses } from '../../http/schemas.ts'
import type { App } from '../../http/server.ts'
import type { IdentityDeps } from '../identity/service.ts'
import { listSessions } from './sessions.queries.ts'
import { SessionListQuery, SessionPage, SessionParams } from './sessions.schema.ts'

export type SessionDeps = IdentityDeps & Pick<Deps, 'secrets'>

const tags = ['Sessions']
const config = { allow: 'user' } as const

const list = {
  config,
  schema: {
    operationId: 'listSessions',
    tags,
    summary: 'List your sessions',
    description: 'Where you are logged in, newest first. At most 20 sessions are live at once.',
    querystring: SessionListQuery,
    response: responses({ 200: ref(SessionPage) })
  }
} as const

const endOne = {
  config,
  schema: {
    operationId: 'endSession',
    tags,
    summary: 'End one of your sessions',
    description: 'Its access token and its refresh token stop working immediately.',
    params: SessionParams,
    response: responses({ 204: NoContent('The session has ended.') }, 'not_found')
  }
} as const

const endOthers = {
  config,
  schema: {
    operationId: 'endOtherSessions',
    tags,
    summary: 'End all other sessions',
    description: 'Ends all your sessions except this one.',
    response: responses({ 204: NoContent('This is your only session now.') }, 'not_found')
  }
} as const

/** The sessions of the caller. */
export async function sessionRoutes(app: App, { db, secrets, sessions }: SessionDeps) {
  const page = paginateNewestFirst(deriveKeys(secrets, 'cursor'))

  app.get('/', list, async (request, reply) => {
    const { id, session_id } = request.caller
    return page(request, reply, {
      list: 'sessions',
      read: async (limit, after) => {
        const rows = await listSessions(db, id, limit, after)
        return rows.map((row) => ({ ...row, current: row.id === session_id }))
      }
    })
  })

  app.delete('/:session_id', endOne, async (request, reply) => {
    const { ctx, params } = request
    if (!(await sessions.end(ctx, params.session_id.toLowerCase(), 'session.ended'))) {
      throw new Problem('not_found')
    }
    return noContent(reply)
  })

  app.delete('/', endOthers, async (request, reply) => {
    await sessions.endOthers(request.ctx)
    return noContent(reply)
  })
}

import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { hashToken } from '../../lib/token.ts'
import { pathOf } from '../error-handler.ts'

/** Enough to tell sessions apart. */
const HASH_LENGTH = 16

/** One line for each answer: what was asked, by whom, how it ended and how long it took. Never bodies, headers or query strings. */
export const requestLog = fp(async (app) => {
  app.addHook('onResponse', async (request, reply) => logResponse(request, reply))
})

export function logResponse(request: FastifyRequest, reply: FastifyReply): void {
  const { schema, config } = request.routeOptions
  request.log.info(
    {
      operation: (schema as { operationId?: string } | undefined)?.operationId,
      method: request.method,
      path: loggedPath(request),
      status: reply.statusCode,
      code: request.problem?.code,
      user_id:
        config?.allow === undefined || config.allow === 'anyone' ? undefined : request.caller?.id,
      ms: Math.round(reply.elapsedTime * 10) / 10
    },
    'answered'
  )
}

/** The path as it was asked for, save for a session's id: that is half of what a token says, so only its hash is told. */
function loggedPath({ url, params, routeOptions }: FastifyRequest): string {
  const { session_id } = (params ?? {}) as { session_id?: string }
  return session_id === undefined
    ? pathOf(url)
    : (routeOptions.url ?? '').replace(
        ':session_id',
        `sha256-${hashToken(session_id.toLowerCase()).slice(0, HASH_LENGTH)}`
      )
}

import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { pathOf } from './problems.ts'

/** One line for each answer: what was asked, by whom, how it ended and how long it took. Never bodies, headers or query strings. */
export const requestLog = fp(async (app) => {
  app.addHook('onResponse', async (request, reply) => logAnswer(request, reply))
})

export function logAnswer (request: FastifyRequest, reply: FastifyReply): void {
  const { schema, config } = request.routeOptions
  request.log.info({
    operation: (schema as { operationId?: string } | undefined)?.operationId,
    method: request.method,
    path: pathOf(request.url),
    status: reply.statusCode,
    code: request.problem?.code,
    user_id: config?.allow === undefined || config.allow === 'anyone' ? undefined : request.caller?.id,
    ms: Math.round(reply.elapsedTime * 10) / 10
  }, 'answered')
}

import type { Span } from '@opentelemetry/api'
import fp from 'fastify-plugin'
import type { Tracing } from '../../core/tracing.ts'
import { operationIdOf } from '../operation.ts'

declare module 'fastify' {
  interface FastifyRequest {
    span: Span | undefined
  }
}

/** Opens a span for each request, around all of its work. Registered only where traces are exported. */
export const tracing = fp(async (app, { tracing }: { tracing: Tracing }) => {
  app.decorateRequest('span', undefined)
  app.addHook('onRequest', (request, _reply, done) => {
    const { url: route } = request.routeOptions
    request.span = tracing.begin(
      {
        name: operationIdOf(request) ?? `${request.method} ${route ?? 'nothing'}`,
        method: request.method,
        route,
        requestId: request.id,
        headers: request.headers
      },
      done
    )
  })
  app.addHook('onResponse', async (request, reply) => {
    if (request.span) {
      tracing.end(request.span, {
        status: reply.statusCode,
        code: request.problem?.code,
        userId: request.caller?.id
      })
    }
  })
})

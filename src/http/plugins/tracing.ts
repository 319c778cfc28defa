import type { Span } from '@opentelemetry/api'
import fp from 'fastify-plugin'
import type { Tracing } from '../../core/tracing.ts'

declare module 'fastify' {
  interface FastifyRequest {
    span: Span | undefined
  }
}

/** A span for each request, around everything that is done for it. Not registered at all where nobody watches. */
export const tracing = fp(async (app, { tracing }: { tracing: Tracing }) => {
  app.decorateRequest('span', undefined)
  app.addHook('onRequest', (request, _reply, done) => {
    const { schema, url: route } = request.routeOptions
    const { operationId = `${request.method} ${route ?? 'nothing'}` } = (schema ?? {}) as {
      operationId?: string
    }
    request.span = tracing.begin(
      {
        name: operationId,
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

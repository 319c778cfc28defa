import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Actor, RequestContext } from '../../core/context.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who makes this request; on every route that does not allow anyone. */
    ctx: RequestContext
    /** The same where anyone may call: the caller is unknown. */
    anonymousCtx: RequestContext<null>
  }
}

function contextOf<Who extends Actor | null>(
  request: FastifyRequest,
  caller: Who
): RequestContext<Who> {
  return {
    caller,
    requestId: request.id,
    ip: request.clientIp,
    userAgent: request.headers['user-agent'] ?? null
  }
}

/** Gives every request its context, made when it is asked for. */
export const requestContext = fp(async (app) => {
  app.decorateRequest('ctx', {
    getter(this: FastifyRequest) {
      return contextOf(this, this.caller)
    }
  })
  app.decorateRequest('anonymousCtx', {
    getter(this: FastifyRequest) {
      return contextOf(this, null)
    }
  })
})

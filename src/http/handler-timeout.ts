import { errorCodes, type FastifyInstance, type FastifyReply, type RouteOptions } from 'fastify'
import { createDeadlines } from '../lib/deadlines.ts'
import { REQUEST_TIMEOUT_MS } from './request-timeout.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** How long a request may take, from its first header on. */
    handlerTimeoutMs?: number
  }
}

const HANDLER_MS = 10_000
/** A body may take longer to arrive, which ends in a 408. */
const WITH_BODY = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])

/**
 * Responds with 503 to a request that takes longer than the `handlerTimeout` of its route. Fastify itself would stop
 * counting when a body has been read.
 */
export function limitHandlerTime(app: FastifyInstance): void {
  const deadlines = createDeadlines<FastifyReply>({
    // What the caller has broken off has no onResponse.
    isOver: (reply) => reply.sent || reply.raw.destroyed,
    onPassed: endLate
  })
  app.addHook('onRoute', (route) => {
    const handlerTimeoutMs = timeoutOf(route)
    delete route.handlerTimeout
    route.config = { ...route.config, handlerTimeoutMs }
  })
  app.addHook('onRequest', (request, reply, done) => {
    deadlines.set(reply, request.routeOptions.config.handlerTimeoutMs ?? HANDLER_MS)
    done()
  })
  app.addHook('onResponse', (_request, reply, done) => {
    deadlines.delete(reply)
    done()
  })
  app.addHook('onClose', () => deadlines.stop())
}

const timeoutOf = ({ method, handlerTimeout }: RouteOptions): number =>
  handlerTimeout ??
  ([method].flat().some((it) => WITH_BODY.has(it)) ? REQUEST_TIMEOUT_MS + HANDLER_MS : HANDLER_MS)

function endLate(reply: FastifyReply): void {
  const { handlerTimeoutMs, url } = reply.routeOptions.config
  const error = new errorCodes.FST_ERR_HANDLER_TIMEOUT(handlerTimeoutMs, url)
  if (reply.raw.headersSent) {
    // What has begun can only be broken off, so that nobody takes it for complete.
    reply.raw.destroy(error)
  } else {
    reply.send(error)
  }
}

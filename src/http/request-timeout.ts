import type { FastifyInstance, FastifyReply } from 'fastify'
import { createDeadlines } from '../lib/deadlines.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** How long a request may take to arrive, if it carries more than a small body. */
    requestTimeoutMs?: number
  }
}

/** For a request with a small body. */
export const REQUEST_TIMEOUT_MS = 30_000
const HOUR_MS = 3_600_000
/** The slowest connection that a file may be sent over. */
const MIN_BYTES_PER_SECOND = 65_536

/** How long a file of this size may take to arrive. */
export const uploadTimeoutMs = (bytes: number): number =>
  Math.min(HOUR_MS, REQUEST_TIMEOUT_MS + Math.ceil(bytes / MIN_BYTES_PER_SECOND) * 1000)

/**
 * Gives each route its own time-out for a request to arrive; Node has a single one for all, which must be the longest.
 * Either responds with the same 408.
 */
export function limitRequestTime(app: FastifyInstance): void {
  const deadlines = createDeadlines<FastifyReply>({
    isOver: ({ request: { raw }, raw: response }) =>
      raw.complete || raw.destroyed || response.writableEnded,
    onPassed: ({ request: { raw } }) => {
      app.server.emit(
        'clientError',
        Object.assign(new Error('the request did not arrive in time'), {
          code: 'ERR_HTTP_REQUEST_TIMEOUT'
        }),
        raw.socket
      )
    }
  })
  app.addHook('onRequest', ({ raw: { headers }, routeOptions }, reply, done) => {
    if (headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined) {
      deadlines.set(reply, routeOptions.config.requestTimeoutMs ?? REQUEST_TIMEOUT_MS)
    }
    done()
  })
  app.addHook('onResponse', (_request, reply, done) => {
    deadlines.delete(reply)
    done()
  })
  app.addHook('onClose', () => deadlines.stop())
}

import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { hashToken } from '../../lib/token.ts'
import { pathOf } from '../error-handler.ts'
import { operationIdOf } from '../operation.ts'

/** Enough to tell two values apart. */
const HASH_LENGTH = 16

export interface RequestLogOptions {
  /** Path parameters that are half of a secret: the log shows a hash of them. */
  secretParams: readonly string[]
}

/**
 * Writes one line for each request: which operation, by whom, with which result and how long it took. Never bodies,
 * headers or query strings.
 */
export const requestLog = fp(async (app, { secretParams }: RequestLogOptions) => {
  app.addHook('onResponse', async (request, reply) => logResponse(request, reply, secretParams))
})

/** Writes the line of one request. */
export function logResponse(
  request: FastifyRequest,
  reply: FastifyReply,
  secretParams: readonly string[] = []
): void {
  const { config } = request.routeOptions
  request.log.info(
    {
      operation: operationIdOf(request),
      method: request.method,
      path: loggedPath(request, secretParams),
      status: reply.statusCode,
      code: request.problem?.code,
      user_id:
        config?.allow === undefined || config.allow === 'anyone' ? undefined : request.caller?.id,
      ms: Math.round(reply.elapsedTime * 10) / 10
    },
    'request completed'
  )
}

/** The path as requested, with a hash instead of each secret parameter. */
function loggedPath(request: FastifyRequest, secretParams: readonly string[]): string {
  const params = (request.params ?? {}) as Record<string, string>
  const secret = secretParams.find((name) => params[name] !== undefined)
  if (secret === undefined) {
    return pathOf(request.url)
  }
  const hash = hashToken(String(params[secret]).toLowerCase()).slice(0, HASH_LENGTH)
  return (request.routeOptions.url ?? '').replace(`:${secret}`, `sha256-${hash}`)
}

import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import { pathOf } from '../error-handler.ts'
import { hookOf } from '../hooks.ts'
import { operationIdOf } from '../operation.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Paths of routes up to their first parameter. */
    routePrefixes: Set<string>
  }
}

/** No path of ours is longer; of a longer one no more is looked at. */
const MAX_PREFIX_LENGTH = 100

/**
 * Writes one line for each request: which operation, by whom, with which result and how long it took. Never what the
 * caller wrote: no body, header, query string or path.
 */
export const requestLog = fp(async (app) => {
  const routePrefixes = new Set<string>()
  app.decorate('routePrefixes', routePrefixes)
  app.addHook('onRoute', ({ url }: RouteOptions) => {
    const [fixed = ''] = url.split(/\/[:*]/)
    for (let path = fixed; path !== ''; path = path.slice(0, path.lastIndexOf('/'))) {
      routePrefixes.add(path)
    }
  })
  app.addHook('onResponse', hookOf(logResponse))
})

/** Writes the line of one request. */
export function logResponse(request: FastifyRequest, reply: FastifyReply): void {
  const { config } = request.routeOptions
  request.log.info(
    {
      operation: operationIdOf(request),
      method: request.method,
      route: request.routeOptions.url ?? beginningOf(request),
      status: reply.statusCode,
      code: request.problem?.code,
      user_id:
        config?.allow === undefined || config.allow === 'anyone' ? undefined : request.caller?.id,
      ms: Math.round(reply.elapsedTime * 10) / 10
    },
    'request completed'
  )
}

/** Returns of a path without a route as much as it shares with one: the rest may be a secret in the wrong place. */
function beginningOf({ url, server: { routePrefixes } }: FastifyRequest): string {
  const path = pathOf(url)
  let known = path.slice(0, MAX_PREFIX_LENGTH)
  while (known !== '' && !routePrefixes.has(known)) {
    known = known.slice(0, Math.max(0, known.lastIndexOf('/')))
  }
  return known === path ? known : `${known}/…`
}

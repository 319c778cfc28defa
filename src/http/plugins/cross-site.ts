import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Config } from '../../config.ts'
import { Problem } from '../../core/problem.ts'
import { hookOf } from '../hooks.ts'
import { allowedOrigins } from './security-headers.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Checks what callers know or have been sent: refused to other websites, which CORS keeps from reading only. */
    checksCredentials?: true
    /** For the pages of this installation alone: takes a credential that browsers send by themselves. */
    sameOriginOnly?: true
  }
}

/**
 * Tells whether a request comes from a page of this installation, or from no browser. Where browsers say how the page
 * is related (over HTTPS and on the own machine), their word counts: a proxy may have changed the Host. Elsewhere the
 * origin has the host of PUBLIC_URL or of the request.
 */
function isSameOrigin({ headers, host }: FastifyRequest, publicUrl = ''): boolean {
  const { origin, 'sec-fetch-site': site } = headers
  if (site !== undefined) {
    return site === 'same-origin'
  }
  if (origin === undefined) {
    return true
  }
  const sender = URL.parse(origin)?.host
  return sender !== undefined && [host, URL.parse(publicUrl)?.host].includes(sender)
}

/**
 * Rejects requests that a browser sends for another website to the routes that check credentials, unless its origin
 * is in CORS_ORIGINS: a form there needs no permission to be sent, and would use up the limits of the visitor's IP.
 */
export const crossSite = fp(async (app, { config }: { config: Config }) => {
  const allowed = allowedOrigins(config)
  const isAllowed = (origin: string) =>
    allowed.some((one) => (typeof one === 'string' ? one === origin : one.test(origin)))
  app.addHook(
    'onRequest',
    hookOf((request) => {
      const { headers, routeOptions } = request
      if (routeOptions.config.sameOriginOnly && !isSameOrigin(request, config.PUBLIC_URL)) {
        throw new Problem('cross_site', {
          detail: 'Only the pages of this installation may send this.'
        })
      }
      const isCrossSite = headers['sec-fetch-site'] === 'cross-site'
      if (!isCrossSite || !routeOptions.config.checksCredentials) {
        return
      }
      if (headers.origin === undefined || !isAllowed(headers.origin)) {
        throw new Problem('cross_site', {
          detail: 'A browser sent this for another website. Its origin must be in CORS_ORIGINS.'
        })
      }
    })
  )
})

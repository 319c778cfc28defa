import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Config } from '../../config.ts'
import { Problem } from '../../core/problem.ts'
import { allowedOrigins } from './security-headers.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Checks what callers know or have been sent: refused to other websites, which CORS keeps from reading only. */
    checksCredentials?: true
  }
}

/**
 * Rejects requests that a browser sends for another website to the routes that check credentials, unless its origin
 * is in CORS_ORIGINS: a form there needs no permission to be sent, and would use up the limits of the visitor's IP.
 */
export const crossSite = fp(async (app, { config }: { config: Config }) => {
  const allowed = allowedOrigins(config)
  const isAllowed = (origin: string) =>
    allowed.some((one) => (typeof one === 'string' ? one === origin : one.test(origin)))
  app.addHook('onRequest', async ({ headers, routeOptions }: FastifyRequest) => {
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
})

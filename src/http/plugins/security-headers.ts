import cors from '@fastify/cors'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Config } from '../../config.ts'
import { splitList } from '../../lib/config-formats.ts'
import { basePathOf } from '../base-path.ts'
import { pathOf } from '../error-handler.ts'
import { hookOf } from '../hooks.ts'

const ONE_YEAR_SECONDS = 31_536_000
/** The headers that a browser's script may read. */
const EXPOSED = [
  'ETag',
  'Link',
  'Location',
  'Retry-After',
  'RateLimit',
  'RateLimit-Policy',
  'X-Request-Id',
  'Idempotent-Replayed'
]

/** Returns the headers of every response, also of those that Fastify never sees (socket-errors.ts). */
export const commonHeaders = ({
  PUBLIC_URL
}: Pick<Config, 'PUBLIC_URL'>): Record<string, string> => ({
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  // Only behind TLS: over plain HTTP browsers ignore the header. Under a path the subdomains belong to somebody else.
  ...(PUBLIC_URL?.startsWith('https:') && {
    'strict-transport-security':
      `max-age=${ONE_YEAR_SECONDS}` +
      (basePathOf({ PUBLIC_URL }) === '' ? '; includeSubDomains' : '')
  })
})

/** Where front ends run while they are developed, on any port. */
const LOOPBACK_ORIGIN = /^https?:\/\/(([a-z0-9-]+\.)*localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/

/**
 * Returns the origins that may call the API: those in CORS_ORIGINS as browsers send them and, in development, every one
 * of this machine.
 */
export const allowedOrigins = ({
  CORS_ORIGINS,
  NODE_ENV
}: Pick<Config, 'CORS_ORIGINS' | 'NODE_ENV'>): (string | RegExp)[] => [
  ...splitList(CORS_ORIGINS).map((origin) => origin.replace(/\/$/, '')),
  ...(NODE_ENV === 'development' ? [LOOPBACK_ORIGIN] : [])
]

/** Sets the headers of every response, and CORS for the origins that may call the API: none by default. */
export const securityHeaders = fp(async (app, { config }: { config: Config }) => {
  const headers = commonHeaders(config)
  app.addHook(
    'onRequest',
    hookOf((_request, reply) => {
      reply.headers(headers)
    })
  )
  const origins = allowedOrigins(config)
  if (origins.length > 0) {
    const options = {
      origin: origins,
      methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
      exposedHeaders: EXPOSED,
      maxAge: 600,
      strictPreflight: false
    }
    const closed = new Set<string>()
    app.addHook('onRoute', ({ url, config: route }) => {
      if (route?.sameOriginOnly) {
        closed.add(url)
      }
    })
    const isClosed = ({ routeOptions, url }: FastifyRequest) =>
      routeOptions.config.sameOriginOnly || closed.has(pathOf(url).replace(/\/$/, ''))
    // Preflights succeed on every other path, so that a script can read the 404 of an unknown one.
    await app.register(cors, {
      delegator: async (request: FastifyRequest) => ({
        ...options,
        ...(isClosed(request) && { origin: false }),
        preflight: isPreflight(request)
      })
    })
  }
})

/** Any other OPTIONS request gets a 405, as every unsupported method does. */
const isPreflight = ({ headers }: FastifyRequest): boolean =>
  headers.origin !== undefined && headers['access-control-request-method'] !== undefined

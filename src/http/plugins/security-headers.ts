import cors from '@fastify/cors'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Config } from '../../config.ts'
import { splitList } from '../../lib/config-formats.ts'

const ONE_YEAR_SECONDS = 31_536_000
/** What a browser's script may read of an answer; everything it needs is in the body as well. */
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

/** What every answer tells browsers. Written out, since answers that Fastify never sees carry them as well (plugins/problems.ts). */
export const commonHeaders = ({
  PUBLIC_URL
}: Pick<Config, 'PUBLIC_URL'>): Record<string, string> => ({
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  // Only behind TLS: over plain HTTP browsers ignore the header, and it would promise what is not there.
  ...(PUBLIC_URL?.startsWith('https:') && {
    'strict-transport-security': `max-age=${ONE_YEAR_SECONDS}; includeSubDomains`
  })
})

/** The headers of every answer, and CORS for the exact origins that the configuration lists: none by default. */
export const securityHeaders = fp(async (app, { config }: { config: Config }) => {
  const headers = commonHeaders(config)
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers(headers)
  })
  const origins = splitList(config.CORS_ORIGINS).map((origin) => origin.replace(/\/$/, ''))
  if (origins.length > 0) {
    const options = {
      origin: origins,
      methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
      exposedHeaders: EXPOSED,
      maxAge: 600,
      strictPreflight: false
    }
    // A preflight is answered on every path: what a script then asks for may be a 404 that it is to read.
    await app.register(cors, {
      delegator: async (request: FastifyRequest) => ({
        ...options,
        preflight: isPreflight(request)
      })
    })
  }
})

/** An OPTIONS that is none asks what a resource can do, and is refused as any other method that it does not know. */
const isPreflight = ({ headers }: FastifyRequest): boolean =>
  headers.origin !== undefined && headers['access-control-request-method'] !== undefined

import cors from '@fastify/cors'
import helmet from '@fastify/helmet'
import fp from 'fastify-plugin'
import { type Config, splitList } from '../config.ts'

const ONE_YEAR_SECONDS = 31_536_000
/** What a browser's script may read of an answer; everything it needs is in the body as well. */
const EXPOSED = ['ETag', 'Link', 'Location', 'Retry-After', 'RateLimit', 'RateLimit-Policy', 'X-Request-Id', 'Idempotent-Replayed']

/** The headers of every answer, and CORS for the exact origins that the configuration lists: none by default. */
export const security = fp(async (app, { config }: { config: Config }) => {
  await app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
    referrerPolicy: { policy: 'no-referrer' },
    xFrameOptions: { action: 'deny' },
    // These speak to browsers that are gone, or of pages that an API does not have.
    xXssProtection: false,
    xDownloadOptions: false,
    xDnsPrefetchControl: false,
    xPermittedCrossDomainPolicies: false,
    originAgentCluster: false,
    crossOriginOpenerPolicy: false,
    // Only behind TLS: over plain HTTP browsers ignore the header, and it would promise what is not there.
    hsts: config.PUBLIC_URL?.startsWith('https:') ? { maxAge: ONE_YEAR_SECONDS } : false
  })
  const origins = splitList(config.CORS_ORIGINS).map((origin) => origin.replace(/\/$/, ''))
  if (origins.length > 0) {
    await app.register(cors, { origin: origins, methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'], exposedHeaders: EXPOSED, maxAge: 600, strictPreflight: false })
  }
})

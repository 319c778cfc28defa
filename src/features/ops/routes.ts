import { timingSafeEqual } from 'node:crypto'
import type { Deps } from '../../core/deps.ts'
import { unauthenticated, unavailable } from '../../core/problem.ts'
import { API_PREFIX } from '../../http/api-path.ts'
import { VERSION } from '../../http/plugins/openapi.ts'
import type { App } from '../../http/server.ts'
import { hashToken } from '../../lib/token.ts'
import { prepareIsReady } from './queries.ts'

type OpsDeps = Pick<Deps, 'config' | 'db' | 'isShuttingDown' | 'mail' | 'metrics'> & {
  limitsStorage: () => string
}

/** Options of every route here: open to anyone and not part of the API contract. */
const hidden = { config: { allow: 'anyone' }, schema: { hide: true } } as const
/** The same for health checks, which are answered under any load. */
const probe = { ...hidden, config: { ...hidden.config, isNeverShed: true } } as const

/** Adds the routes for operators: an index, health checks, metrics and, in development, sent emails. */
export async function opsRoutes(app: App, deps: OpsDeps) {
  app.get('/', hidden, async ({ headers }, reply) => {
    reply.header('vary', 'accept')
    if (headers.accept?.includes('text/html')) {
      // Relative, so that it also works under a path of another site.
      return reply.redirect(deps.config.CONSOLE_ENABLED ? './app/' : './docs', 302)
    }
    return indexOf(deps)
  })
  app.get(API_PREFIX, hidden, async () => indexOf(deps))
  addHealthRoutes(app, deps)
  addMetricsRoute(app, deps)
  // Emails contain codes, so this route does not exist in production.
  if (!deps.config.isProduction) {
    app.get('/dev/mails', hidden, async (_request, reply) => {
      reply.header('cache-control', 'no-store')
      return { data: deps.mail.sentMessages() }
    })
  }
}

const indexOf = ({ config }: OpsDeps) => ({
  name: 'Tasklane',
  version: VERSION,
  links: {
    api: '/api/v1',
    ...(config.CONSOLE_ENABLED && { console: '/app/' }),
    docs: '/docs',
    openapi: '/openapi.json',
    openapi_3_0: '/openapi-3.0.json',
    live: '/health/live',
    ready: '/health/ready'
  }
})

function addHealthRoutes(app: App, { db, isShuttingDown, limitsStorage }: OpsDeps): void {
  const isReady = prepareIsReady(db)

  // Does not query the database: restarting this process would not repair it.
  app.get('/health/live', probe, async () => ({ status: 'live' }))

  app.get('/health/ready', probe, async () => {
    if (isShuttingDown()) {
      throw unavailable('This instance is shutting down.')
    }
    if (!(await isReady())) {
      throw unavailable('The database is not migrated yet.')
    }
    // An instance stays ready without Redis: it then applies its own share of the rate limits.
    return { status: 'ready', limits: limitsStorage() }
  })
}

function addMetricsRoute(app: App, { config: { METRICS_TOKEN: token }, metrics }: OpsDeps): void {
  if (!metrics || token === undefined) {
    return
  }
  const options = { ...hidden, config: { ...hidden.config, ignoresAutomaticBans: true } } as const
  app.get('/metrics', options, async ({ headers }, reply) => {
    if (!isToken(headers.authorization, token)) {
      throw unauthenticated('Send the token of METRICS_TOKEN as Authorization: Bearer.')
    }
    reply.type(metrics.registry.contentType)
    return metrics.registry.metrics()
  })
}

/** Compares hashes in constant time, so that the response time reveals nothing about the token. */
const isToken = (authorization: string | undefined, token: string): boolean =>
  timingSafeEqual(
    Buffer.from(hashToken(/^bearer +(\S+)$/i.exec(authorization ?? '')?.[1] ?? '')),
    Buffer.from(hashToken(token))
  )

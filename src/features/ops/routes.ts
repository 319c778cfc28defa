import { timingSafeEqual } from 'node:crypto'
import type { Deps } from '../../core/deps.ts'
import { unauthenticated, unavailable } from '../../core/problem.ts'
import { VERSION } from '../../http/plugins/openapi.ts'
import type { App } from '../../http/server.ts'
import { hashToken } from '../../lib/token.ts'
import { prepareIsReady } from './queries.ts'

const hidden = { allow: 'anyone' } as const
const probe = { allow: 'anyone', isNeverShed: true } as const

/** For operators and their probes, outside the contract. */
export async function opsRoutes(
  app: App,
  {
    config,
    db,
    isShuttingDown,
    mail,
    metrics,
    limitsStorage
  }: Pick<Deps, 'config' | 'db' | 'isShuttingDown' | 'mail' | 'metrics'> & {
    limitsStorage: () => string
  }
) {
  const isReady = prepareIsReady(db)

  app.get('/', { config: hidden, schema: { hide: true } }, async () => ({
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
  }))

  // Never asks the database: a process that answers is alive, and restarting it would mend nothing.
  app.get('/health/live', { config: probe, schema: { hide: true } }, async () => ({
    status: 'live'
  }))

  app.get('/health/ready', { config: probe, schema: { hide: true } }, async () => {
    if (isShuttingDown()) {
      throw unavailable('This instance is leaving.')
    }
    if (!(await isReady())) {
      throw unavailable('The database is not migrated yet.')
    }
    // Not a reason to be unready: an instance without its Redis still serves, and limits on its own.
    return { status: 'ready', limits: limitsStorage() }
  })

  const { METRICS_TOKEN: token } = config
  if (metrics && token !== undefined) {
    app.get('/metrics', { config: hidden, schema: { hide: true } }, async ({ headers }, reply) => {
      if (!isToken(headers.authorization, token)) {
        throw unauthenticated('Send the token of METRICS_TOKEN as Authorization: Bearer.')
      }
      reply.type(metrics.registry.contentType)
      return metrics.registry.metrics()
    })
  }

  // These letters carry codes: in production the route does not exist.
  if (!config.isProduction) {
    app.get('/dev/mails', { config: hidden, schema: { hide: true } }, async (_request, reply) => {
      reply.header('cache-control', 'no-store')
      return { data: mail.sentMessages() }
    })
  }
}

/** Compared by their hashes, in a time that says nothing about the right one. */
const isToken = (authorization: string | undefined, token: string): boolean =>
  timingSafeEqual(
    Buffer.from(hashToken(/^bearer +(\S+)$/i.exec(authorization ?? '')?.[1] ?? '')),
    Buffer.from(hashToken(token))
  )

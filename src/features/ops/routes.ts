import type { Deps } from '../../core/deps.ts'
import { unauthenticated, unavailable } from '../../core/problem.ts'
import { API_PREFIX } from '../../http/api-path.ts'
import { basePathOf } from '../../http/base-path.ts'
import { prefersHtml, varyByAccept } from '../../http/html-page.ts'
import { VERSION } from '../../http/plugins/openapi.ts'
import type { App } from '../../http/server.ts'
import { bearsToken } from '../../lib/token.ts'
import { devRoutes } from './dev.routes.ts'
import { problemPageRoutes } from './problem-pages.routes.ts'
import { prepareIsReady } from './queries.ts'

type OpsDeps = Pick<Deps, 'config' | 'db' | 'isShuttingDown' | 'mail' | 'metrics'>

/** Options of every route here: open to anyone and not part of the API contract. */
const hidden = { config: { allow: 'anyone' }, schema: { hide: true } } as const
/** The same for health checks, which are answered under any load. */
const probe = { ...hidden, config: { ...hidden.config, isNeverShed: true } } as const

/** Adds the routes for operators: an index, health checks, metrics and, in development, sent emails. */
export async function opsRoutes(app: App, deps: OpsDeps) {
  const page = pageForPeople(deps)
  app.get('/', hidden, async ({ headers }, reply) => {
    varyByAccept(reply)
    if (page !== undefined && prefersHtml(headers.accept)) {
      return reply.redirect(page, 302)
    }
    return indexOf(deps)
  })
  app.get(API_PREFIX, hidden, async () => indexOf(deps))
  addHealthRoutes(app, deps)
  addMetricsRoute(app, deps)
  app.register(problemPageRoutes, { prefix: '/problems' })
  if (!deps.config.isProduction) {
    app.register(devRoutes, { prefix: '/dev', mail: deps.mail })
  }
}

/** Where a browser is sent. */
function pageForPeople({ config }: OpsDeps): string | undefined {
  if (config.CONSOLE_ENABLED) {
    return '/app/'
  }
  return config.DOCS_ENABLED ? '/docs' : undefined
}

function indexOf({ config }: OpsDeps) {
  const base = basePathOf(config)
  return {
    name: 'Tasklane',
    version: VERSION,
    links: {
      api: base + API_PREFIX,
      ...(config.CONSOLE_ENABLED && { console: `${base}/app/` }),
      ...(config.DOCS_ENABLED && { docs: `${base}/docs` }),
      openapi: `${base}/openapi.json`,
      openapi_3_0: `${base}/openapi-3.0.json`,
      problems: `${base}/problems`,
      live: `${base}/health/live`,
      ready: `${base}/health/ready`
    }
  }
}

function addHealthRoutes(app: App, { db, isShuttingDown }: OpsDeps): void {
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
    // Also without Redis, when the instance applies its own share of the limits. Only metrics and the log say so:
    // whoever plans to use limits up may ask here, too.
    return { status: 'ready' }
  })
}

/** One of several processes knows its own requests only: then just METRICS_PORT, where they are added up, has them. */
function addMetricsRoute(app: App, { config, metrics }: OpsDeps): void {
  const { METRICS_TOKEN: token, WEB_CONCURRENCY } = config
  if (!metrics || token === undefined || WEB_CONCURRENCY > 1) {
    return
  }
  const options = { ...hidden, config: { ...hidden.config, ignoresAutomaticBans: true } } as const
  app.get('/metrics', options, async ({ headers }, reply) => {
    if (!bearsToken(headers.authorization, token)) {
      throw unauthenticated('Send the token of METRICS_TOKEN as Authorization: Bearer.')
    }
    reply.type(metrics.registry.contentType)
    return metrics.registry.metrics()
  })
}

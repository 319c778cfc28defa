import type { FastifyBaseLogger } from 'fastify'
import type { Deps } from './core/deps.ts'
import { createEmailBudget } from './core/email-budget.ts'
import { createLoginThrottle } from './core/login-throttle.ts'
import { isDistributed } from './db/citus/distribution.ts'
import { createKeyResolver } from './features/api-keys/service.ts'
import { createBanCache } from './features/bans/ban-cache.ts'
import { createViolationTracker } from './features/bans/violations.ts'
import { createTicketResolver } from './features/changes/service.ts'
import { createCodes } from './features/identity/codes.ts'
import { createCredentials } from './features/identity/credentials.ts'
import { createAccountPurge } from './features/identity/deletion.ts'
import { createSessions, type Sessions } from './features/identity/sessions.ts'
import { type AppDeps, type AppFeature, composeFeatures, ownedDataOf } from './features.ts'
import { API_PREFIX } from './http/api-path.ts'
import { createAuthenticator } from './http/authenticate.ts'
import { basePath, basePathOf } from './http/base-path.ts'
import { errorHandler } from './http/error-handler.ts'
import { Pagination } from './http/pagination.schema.ts'
import { accessTokens } from './http/plugins/access-tokens.ts'
import { auditDenied } from './http/plugins/audit-denied.ts'
import { clientIpPlugin } from './http/plugins/client-ip.ts'
import { connectionClose } from './http/plugins/connection-close.ts'
import { crossSite } from './http/plugins/cross-site.ts'
import { guard } from './http/plugins/guard.ts'
import { headRequests } from './http/plugins/head-requests.ts'
import { inFlight } from './http/plugins/in-flight.ts'
import { ipBans } from './http/plugins/ip-bans.ts'
import { limitHint } from './http/plugins/limit-hint.ts'
import { loadShedding } from './http/plugins/load-shedding.ts'
import { meteredReads } from './http/plugins/metered-reads.ts'
import { metrics } from './http/plugins/metrics.ts'
import { notFound } from './http/plugins/not-found.ts'
import { openapi } from './http/plugins/openapi.ts'
import { rateLimit } from './http/plugins/rate-limit.ts'
import { requestChecks } from './http/plugins/request-checks.ts'
import { requestContext } from './http/plugins/request-context.ts'
import { requestLog } from './http/plugins/request-log.ts'
import { securityHeaders } from './http/plugins/security-headers.ts'
import { tracing } from './http/plugins/tracing.ts'
import { FieldErrorBody, ProblemBody } from './http/problem.schema.ts'
import type { Budgets } from './http/rate-limit/budgets.ts'
import { type App, createApp } from './http/server.ts'

/** The components that belong to every feature. */
const SHARED_SCHEMAS = [Pagination, FieldErrorBody, ProblemBody]

type BanCache = ReturnType<typeof createBanCache>

/**
 * Composes the whole server, ready to listen or to be called directly. Plugins are registered in the order in which a
 * request meets them.
 */
export async function buildApp(
  deps: Deps,
  logger: FastifyBaseLogger,
  features: AppFeature[] = composeFeatures()
): Promise<App> {
  const app = createApp(deps.config, logger)
  // Asked once, here, so that no request has to. Without an answer the first one asks.
  await isDistributed(deps.db).catch(() => false)
  const budgets: Budgets = Object.assign({}, ...features.map((it) => it.budgets?.(deps.config)))
  if (deps.tracing) {
    await app.register(tracing, { tracing: deps.tracing })
  }
  await app.register(basePath, { config: deps.config })
  await app.register(clientIpPlugin)
  await app.register(requestContext)
  await app.register(requestLog)
  if (deps.config.NODE_ENV === 'development') {
    await app.register(limitHint)
  }
  await app.register(errorHandler)
  await app.register(securityHeaders, { config: deps.config })
  const banCache = createBanCache(deps.db, logger)
  await registerProtection(app, deps, banCache, budgets)
  if (deps.metrics) {
    await app.register(metrics, { metrics: deps.metrics })
  }
  await app.register(requestChecks)
  await app.register(headRequests)
  await app.register(connectionClose, { isShuttingDown: deps.isShuttingDown })
  await app.register(notFound, {
    foreignPaths: Object.assign({}, ...features.map(({ foreignPaths }) => foreignPaths))
  })
  // Before the guard: Swagger UI adds routes of its own, which cannot say who they allow. They are for anyone.
  await app.register(openapi, {
    config: deps.config,
    tags: features.flatMap(({ tags }) => tags),
    components: [...SHARED_SCHEMAS, ...features.flatMap(({ schemas }) => schemas)],
    webhooks: features.flatMap(({ webhooks = [] }) => webhooks),
    basePath: API_PREFIX,
    tokenUrl: `${basePathOf(deps.config)}${API_PREFIX}/auth/token`
  })
  const sessions = await registerAuthentication(app, deps)
  await app.register(auditDenied, {
    db: deps.db,
    subjects: Object.assign({}, ...features.map(({ auditSubjects }) => auditSubjects))
  })
  registerRoutes(app, features, {
    ...appDeps(deps, sessions, banCache),
    purgeAccount: createAccountPurge(deps.db, ownedDataOf(features), (err) =>
      app.log.warn({ err }, 'a deleted account is left to the scheduled task')
    )
  })
  return app
}

/** Rejects what should not cost anything: banned IP addresses, too much load, too many requests. */
async function registerProtection(app: App, deps: Deps, banCache: BanCache, budgets: Budgets) {
  const { config } = deps
  const violations = createViolationTracker({ ...deps, banCache, log: app.log })
  await app.register(ipBans, {
    findBan: banCache.find,
    budgets,
    reportViolation: violations.report,
    flush: violations.flush
  })
  await app.register(crossSite, { config })
  // The embedded database works on this very event loop: there a delay means that it is busy, not overloaded.
  await app.register(loadShedding, {
    maxDelayMs: config.DATABASE_URL === undefined ? 0 : config.MAX_EVENT_LOOP_DELAY_MS
  })
  await app.register(rateLimit, { config, budgets, counters: deps.counters })
  await app.register(meteredReads, { config })
  await app.register(inFlight, { isOn: config.RATE_LIMIT })
}

/** Lets each route know its caller, by access token or API key, and reject those it does not allow. */
async function registerAuthentication(app: App, deps: Deps): Promise<Sessions> {
  const { db, config, mail, secrets } = deps
  await app.register(accessTokens, { secrets, ttlSeconds: config.ACCESS_TOKEN_TTL })
  const sessions = createSessions({ db, config, mail, sign: (claims) => app.jwt.sign(claims) })
  app.addHook('onClose', () => sessions.flush())
  await app.register(guard, {
    resolveCaller: createAuthenticator({
      verify: app.verifyAccessToken,
      resolveToken: sessions.resolveToken,
      resolveKey: createKeyResolver(db),
      resolveTicket: createTicketResolver(db, sessions.resolveToken),
      invalidTokens: app.invalidTokens
    }),
    needsVerified: config.EMAIL_VERIFICATION === 'required',
    limitUser: app.limitUser
  })
  return sessions
}

function appDeps(deps: Deps, sessions: Sessions, banCache: BanCache) {
  const { db, secrets, config } = deps
  const throttle = createLoginThrottle({ db, secrets, isOn: config.RATE_LIMIT })
  const budget = createEmailBudget(deps)
  return {
    ...deps,
    sessions,
    credentials: createCredentials({ ...deps, sessions, throttle }),
    codes: createCodes({ ...deps, throttle, budget }),
    banCache
  }
}

function registerRoutes(app: App, features: AppFeature[], deps: AppDeps): void {
  for (const { prefix, isRoot, plugin } of features.flatMap(({ routes }) => routes)) {
    app.register(plugin, { ...deps, prefix: isRoot ? prefix : API_PREFIX + prefix })
  }
}

import type { FastifyBaseLogger } from 'fastify'
import type { Deps } from './core/deps.ts'
import { createLoginThrottle } from './core/login-throttle.ts'
import { createKeyResolver } from './features/api-keys/service.ts'
import { createBanCache } from './features/bans/ban-cache.ts'
import { createViolationTracker } from './features/bans/violations.ts'
import { createCodes } from './features/identity/codes.ts'
import { createCredentials } from './features/identity/credentials.ts'
import { createSessions } from './features/identity/sessions.ts'
import { type AppDeps, type AppFeature, composeFeatures } from './features.ts'
import { errorHandler } from './http/error-handler.ts'
import { auditDenied } from './http/plugins/audit-denied.ts'
import { accessTokens, createAuthenticator } from './http/plugins/authenticate.ts'
import { clientIpPlugin } from './http/plugins/client-ip.ts'
import { connectionClose } from './http/plugins/connection-close.ts'
import { guard } from './http/plugins/guard.ts'
import { ipBans } from './http/plugins/ip-bans.ts'
import { loadShedding } from './http/plugins/load-shedding.ts'
import { metrics } from './http/plugins/metrics.ts'
import { notFound } from './http/plugins/not-found.ts'
import { openapi } from './http/plugins/openapi.ts'
import { rateLimit } from './http/plugins/rate-limit.ts'
import { requestChecks } from './http/plugins/request-checks.ts'
import { requestContext } from './http/plugins/request-context.ts'
import { requestLog } from './http/plugins/request-log.ts'
import { securityHeaders } from './http/plugins/security-headers.ts'
import { tracing } from './http/plugins/tracing.ts'
import { sharedSchemas } from './http/schemas.ts'
import { type App, createApp } from './http/server.ts'

const V1 = '/api/v1'

/** The whole server, ready to listen or to be asked directly. Plugins stand in the order in which a request meets them. */
export async function buildApp(
  deps: Deps,
  logger: FastifyBaseLogger,
  features: AppFeature[] = composeFeatures()
): Promise<App> {
  const { config, db, secrets } = deps
  const app = createApp(config, logger)
  if (deps.tracing) {
    await app.register(tracing, { tracing: deps.tracing })
  }
  await app.register(clientIpPlugin)
  await app.register(requestContext)
  await app.register(requestLog)
  await app.register(errorHandler)
  await app.register(securityHeaders, { config })
  const banCache = createBanCache(db, logger)
  const violations = createViolationTracker({ ...deps, banCache, log: logger })
  await app.register(ipBans, {
    bannedFor: banCache.bannedFor,
    reportViolation: violations.report,
    flush: violations.flush
  })
  // The embedded database works on this very event loop: there a delay says that it is busy, not that we are drowning.
  await app.register(loadShedding, {
    maxDelayMs: config.DATABASE_URL === undefined ? 0 : config.MAX_EVENT_LOOP_DELAY_MS
  })
  await app.register(rateLimit, { config, counters: deps.counters })
  if (deps.metrics) {
    await app.register(metrics, { metrics: deps.metrics })
  }
  await app.register(requestChecks)
  await app.register(connectionClose, { isLeaving: deps.isShuttingDown })
  await app.register(notFound)
  // Before the guard: Swagger UI adds routes of its own, which cannot say who they allow. They are for anyone.
  await app.register(openapi, {
    config,
    tags: features.flatMap(({ tags }) => tags),
    components: [...sharedSchemas, ...features.flatMap(({ schemas }) => schemas)]
  })
  await app.register(accessTokens, { secrets, ttlSeconds: config.ACCESS_TOKEN_TTL })

  const sessions = createSessions({ db, config, sign: (claims) => app.jwt.sign(claims) })
  await app.register(guard, {
    resolveCaller: createAuthenticator({
      verify: app.verifyAccessToken,
      resolveToken: sessions.resolveToken,
      resolveKey: createKeyResolver(db),
      invalidTokens: app.invalidTokens
    }),
    needsVerified: config.EMAIL_VERIFICATION === 'required',
    limitUser: app.limitUser
  })
  await app.register(auditDenied, {
    db,
    subjects: Object.assign({}, ...features.map(({ auditSubjects }) => auditSubjects))
  })

  const throttle = createLoginThrottle({ db, secrets, isOn: config.RATE_LIMIT })
  const appDeps: AppDeps = {
    ...deps,
    sessions,
    credentials: createCredentials({ ...deps, sessions, throttle }),
    codes: createCodes(deps),
    banCache,
    limitsStorage: app.limitsStorage
  }
  for (const { prefix, isRoot, plugin } of features.flatMap(({ routes }) => routes)) {
    app.register(plugin, { ...appDeps, prefix: isRoot ? prefix : V1 + prefix })
  }
  return app
}

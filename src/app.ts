import type { FastifyBaseLogger } from 'fastify'
import type { Deps } from './core/deps.ts'
import { createLoginThrottle } from './core/login-throttle.ts'
import { createKeyResolver } from './features/api-keys/service.ts'
import { createCodes } from './features/auth/codes.ts'
import { changeEmail } from './features/auth/email-verification.ts'
import { createBanCache } from './features/bans/ban-cache.ts'
import { createViolationTracker } from './features/bans/service.ts'
import { createSessions } from './features/sessions/service.ts'
import { type AppDeps, type AppFeature, composeFeatures } from './features.ts'
import { API_PREFIX } from './http/api-path.ts'
import { errorHandler } from './http/error-handler.ts'
import { auditRefusals } from './http/plugins/audit-denied.ts'
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
  const banList = createBanCache(db, logger)
  const offences = createViolationTracker({
    db,
    config,
    log: logger,
    onBan: () => {
      deps.metrics?.banned()
      banList.invalidate()
    }
  })
  await app.register(ipBans, {
    bannedFor: banList.bannedFor,
    reportViolation: offences.note,
    flush: offences.settled
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

  const sessions = createSessions({
    db,
    sign: (claims) => app.jwt.sign(claims),
    accessSeconds: config.ACCESS_TOKEN_TTL,
    refreshSeconds: config.REFRESH_TOKEN_TTL
  })
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
  await app.register(auditRefusals, {
    db,
    subjects: Object.assign({}, ...features.map(({ auditSubjects }) => auditSubjects))
  })

  const throttle = createLoginThrottle({ db, secrets, isOn: config.RATE_LIMIT })
  const authDeps = { ...deps, sessions, throttle, codes: createCodes(secrets) }
  const appDeps: AppDeps = {
    ...authDeps,
    changeAddress: (actor, id, change) => changeEmail(authDeps, actor, id, change),
    onChange: banList.invalidate,
    limitsStorage: app.limitsStorage
  }
  for (const { prefix, isRoot, plugin } of features.flatMap(({ routes }) => routes)) {
    app.register(plugin, { ...appDeps, prefix: isRoot ? prefix : API_PREFIX + prefix })
  }
  return app
}

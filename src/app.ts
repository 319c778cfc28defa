import type { FastifyBaseLogger } from 'fastify'
import type { Deps } from './core/deps.ts'
import { createLoginThrottle } from './core/login-throttle.ts'
import { auditRoutes } from './features/audit/routes.ts'
import * as audit from './features/audit/schema.ts'
import { createCodes } from './features/auth/codes.ts'
import { passwordRoutes } from './features/auth/password.routes.ts'
import { recoveryRoutes } from './features/auth/recovery.routes.ts'
import * as recovery from './features/auth/recovery.schema.ts'
import { authRoutes } from './features/auth/routes.ts'
import * as auth from './features/auth/schema.ts'
import { tokenRoutes } from './features/auth/token.routes.ts'
import { verificationRoutes } from './features/auth/verification.routes.ts'
import { changeAddress } from './features/auth/verification.ts'
import { createBanList } from './features/bans/ban-list.ts'
import { ipBanRoutes } from './features/bans/routes.ts'
import * as bans from './features/bans/schema.ts'
import { createOffences } from './features/bans/service.ts'
import { consoleRoutes } from './features/console/routes.ts'
import { taskImportRoutes } from './features/imports/routes.ts'
import * as taskImports from './features/imports/schema.ts'
import { keyRoutes } from './features/keys/routes.ts'
import * as keys from './features/keys/schema.ts'
import { createKeyResolver } from './features/keys/service.ts'
import { opsRoutes } from './features/ops/routes.ts'
import { sessionRoutes } from './features/sessions/routes.ts'
import * as sessionShapes from './features/sessions/schema.ts'
import { createSessions } from './features/sessions/service.ts'
import { taskBatchRoutes } from './features/tasks/batch.routes.ts'
import * as taskBatches from './features/tasks/batch.schema.ts'
import { taskExportRoutes } from './features/tasks/export.routes.ts'
import { taskHistoryRoutes } from './features/tasks/history.routes.ts'
import * as taskHistory from './features/tasks/history.schema.ts'
import * as taskLists from './features/tasks/list.schema.ts'
import { taskRoutes } from './features/tasks/routes.ts'
import * as tasks from './features/tasks/schema.ts'
import { taskStatsRoutes } from './features/tasks/stats.routes.ts'
import { adminUserRoutes } from './features/users/admin.routes.ts'
import { meRoutes } from './features/users/routes.ts'
import * as users from './features/users/schema.ts'
import { auditRefusals } from './plugins/audit.ts'
import { accessTokens, bearerCaller } from './plugins/authenticate.ts'
import { clientAddress } from './plugins/client-address.ts'
import { guard } from './plugins/guard.ts'
import { ipBans } from './plugins/ip-bans.ts'
import { leaving } from './plugins/leaving.ts'
import { metrics } from './plugins/metrics.ts'
import { notFound } from './plugins/not-found.ts'
import { openapi } from './plugins/openapi.ts'
import { problems } from './plugins/problems.ts'
import { rateLimit } from './plugins/rate-limit.ts'
import { request } from './plugins/request.ts'
import { requestLog } from './plugins/request-log.ts'
import { security } from './plugins/security.ts'
import { type App, createApp } from './plugins/server.ts'
import { shedding } from './plugins/shedding.ts'
import { tracing } from './plugins/tracing.ts'
import * as wire from './plugins/wire.ts'

const V1 = '/api/v1'

/** The whole server, ready to listen or to be asked directly. Plugins stand in the order in which a request meets them. */
export async function buildApp(deps: Deps, logger: FastifyBaseLogger): Promise<App> {
  const { config, db, secrets } = deps
  const app = createApp(config, logger)
  if (deps.tracing) {
    await app.register(tracing, { tracing: deps.tracing })
  }
  await app.register(clientAddress)
  await app.register(requestLog)
  await app.register(problems)
  await app.register(security, { config })
  const banList = createBanList(db, logger)
  const offences = createOffences({
    db,
    config,
    log: logger,
    onBan: () => {
      deps.metrics?.banned()
      banList.drop()
    }
  })
  await app.register(ipBans, {
    bannedFor: banList.bannedFor,
    noteOffence: offences.note,
    settled: offences.settled
  })
  // The embedded database works on this very event loop: there a delay says that it is busy, not that we are drowning.
  await app.register(shedding, {
    maxDelayMs: config.DATABASE_URL === undefined ? 0 : config.SHED_DELAY_MS
  })
  await app.register(rateLimit, { config, counters: deps.counters })
  if (deps.metrics) {
    await app.register(metrics, { metrics: deps.metrics })
  }
  await app.register(request)
  await app.register(leaving, { isLeaving: deps.isLeaving })
  await app.register(notFound)
  // Before the guard: Swagger UI adds routes of its own, which cannot say who they allow. They are for anyone.
  await app.register(openapi, {
    config,
    components: [
      ...wire.components,
      ...users.components,
      ...auth.components,
      ...recovery.components,
      ...sessionShapes.components,
      ...audit.components,
      ...bans.components,
      ...keys.components,
      ...tasks.components,
      ...taskLists.components,
      ...taskBatches.components,
      ...taskHistory.components,
      ...taskImports.components
    ]
  })
  await app.register(accessTokens, { secrets, ttlSeconds: config.ACCESS_TOKEN_TTL })

  const sessions = createSessions({
    db,
    sign: (claims) => app.jwt.sign(claims),
    accessSeconds: config.ACCESS_TOKEN_TTL,
    refreshSeconds: config.REFRESH_TOKEN_TTL
  })
  await app.register(guard, {
    resolveCaller: bearerCaller({
      verify: app.verifyAccessToken,
      resolveToken: sessions.resolveToken,
      resolveKey: createKeyResolver(db),
      badTokens: app.badTokens
    }),
    needsVerified: config.EMAIL_VERIFICATION === 'required',
    limitUser: app.limitUser
  })
  await app.register(auditRefusals, { db })

  app.register(opsRoutes, { ...deps, limitsKept: app.limitsKept })
  app.register(consoleRoutes, { prefix: '/app', ...deps })
  const throttle = createLoginThrottle({ db, secrets, isOn: config.RATE_LIMIT === 'on' })
  const authDeps = { ...deps, sessions, throttle, codes: createCodes(secrets) }
  app.register(authRoutes, { prefix: `${V1}/auth`, ...authDeps })
  app.register(tokenRoutes, { prefix: `${V1}/auth`, ...authDeps })
  app.register(recoveryRoutes, { prefix: `${V1}/auth`, ...authDeps })
  app.register(verificationRoutes, { prefix: `${V1}/auth`, ...authDeps })
  app.register(sessionRoutes, { prefix: `${V1}/auth/sessions`, ...deps, sessions })
  app.register(meRoutes, {
    prefix: `${V1}/me`,
    ...deps,
    sessions,
    throttle,
    changeAddress: (actor, id, change) => changeAddress(authDeps, actor, id, change)
  })
  app.register(passwordRoutes, { prefix: `${V1}/me`, ...authDeps })
  app.register(adminUserRoutes, { prefix: `${V1}/admin/users`, ...deps, sessions })
  app.register(ipBanRoutes, { prefix: `${V1}/admin/ip-bans`, ...deps, onChange: banList.drop })
  app.register(auditRoutes, { prefix: `${V1}/admin`, ...deps })
  app.register(keyRoutes, { prefix: `${V1}/me/api-keys`, ...deps })
  app.register(taskRoutes, { prefix: `${V1}/tasks`, ...deps })
  app.register(taskHistoryRoutes, { prefix: `${V1}/tasks`, ...deps })
  app.register(taskBatchRoutes, { prefix: `${V1}/task-batches`, ...deps })
  app.register(taskExportRoutes, { prefix: `${V1}/task-exports`, ...deps })
  app.register(taskStatsRoutes, { prefix: `${V1}/task-stats`, ...deps })
  app.register(taskImportRoutes, { prefix: `${V1}/task-imports`, ...deps })
  return app
}

import cluster from 'node:cluster'
import { flushCompileCache } from 'node:module'
import { type AddressInfo, isIPv6, Server } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { buildApp } from '../app.ts'
import { watchBackgroundWork } from '../background.ts'
import type { Config } from '../config.ts'
import { ClusterCounters } from '../core/cluster-counters.ts'
import { createLogger } from '../core/log.ts'
import { createMail } from '../core/mail.ts'
import { createPasswords } from '../core/passwords.ts'
import { openTracing } from '../core/tracing.ts'
import { VERSION } from '../http/plugins/openapi.ts'
import { startBackgroundWork } from './background-work.ts'
import { loadConfig, loadSecrets, migrateWithRetry, openConfiguredDatabase } from './bootstrap.ts'
import { runCluster, WORKER_SLOT } from './cluster.ts'
import { setUpShutdown } from './graceful-shutdown.ts'

/** Serves in this process, or in as many as `WEB_CONCURRENCY` says with this one above them. */
export async function serve(): Promise<void> {
  const startedAt = performance.now()
  const config = loadConfig()
  if (cluster.isWorker) {
    await serveHere({ ...config, LOG_FILE: ownFile(config.LOG_FILE) })
    return
  }
  if (config.WEB_CONCURRENCY === 1) {
    greet(config, await serveHere(config), performance.now() - startedAt)
    return
  }
  const logger = createLogger(config)
  await (await loadMetrics(config))?.startSharedMetricsServer(config)
  greet(
    config,
    { address: config.HOST, ...(await runCluster(config.WEB_CONCURRENCY, logger).catch(failed)) },
    performance.now() - startedAt
  )
}

/** Metrics where the configuration lets somebody ask for them; elsewhere they would only make a start longer. */
const loadMetrics = async ({ METRICS_PORT, METRICS_TOKEN }: Config) =>
  METRICS_PORT === undefined && METRICS_TOKEN === undefined
    ? undefined
    : import('./metrics-server.ts')

/** Migrates the database, serves until it is asked to leave, and leaves without dropping a request. */
async function serveHere(config: Config): Promise<Place> {
  const logger = createLogger(config)
  const departure = setUpShutdown(logger)
  const tracing = await openTracing(config)
  const database = await openConfiguredDatabase(config, tracing?.traceStatement)
  await migrateWithRetry(config, database, logger)

  const mail = createMail(config, logger)
  const told = await loadMetrics(config)
  const metrics = told?.openMetrics()
  for (const [name, load] of Object.entries(database.queueStats)) {
    metrics?.watchQueue(`database_${name}`, load)
  }
  if (metrics) {
    watchBackgroundWork(metrics, database.db)
  }
  const passwords = await createPasswords()
  metrics?.watchQueue('password_hashes', passwords.queueStats)
  const work = startBackgroundWork({ db: database.db, config, metrics }, logger, {
    takesJobs: config.WORKER_ENABLED
  })
  const counters = cluster.isWorker ? ClusterCounters : undefined
  const app = await buildApp(
    {
      db: database.db,
      config,
      mail,
      passwords,
      metrics,
      tracing,
      secrets: loadSecrets(config),
      isShuttingDown: departure.isShuttingDown,
      wakeJobs: work.wake,
      counters
    },
    logger
  )
  await app.listen({ host: config.HOST, port: config.PORT })
  const place = app.addresses()[0] as AddressInfo
  const ownPort = cluster.isWorker ? undefined : await told?.startMetricsServer(config, metrics)
  // Kept now: whoever is killed later has no time for it.
  flushCompileCache()
  if (config.isProduction) {
    logger.info({ address: place.address, port: place.port }, 'listening')
  }

  departure.onShutdown(async (isHurried) => {
    // New connections are the siblings' from now on; without any they are still ours, for a balancer that has not noticed.
    if (cluster.isWorker) {
      Server.prototype.close.call(app.server)
    }
    // Long enough for the balancer's probes to notice; answers meanwhile carry Connection: close.
    if (!isHurried) {
      await pause(config.DRAIN_SECONDS * 1000)
    }
    await app.close()
    await ownPort?.close()
    await work.stop()
    await mail.close()
    await database.close()
    await tracing?.close()
  })
  return place
}

/** A file that is rotated has one writer: each of several processes has its own, numbered. */
const ownFile = (file: string | undefined): string | undefined =>
  file?.replace(/(\.[^./]*)?$/, `.${process.env[WORKER_SLOT]}$1`)

/** Whatever it was, the process that met it has said it. */
const failed = (error: Error & { code?: number | null }): never => process.exit(error.code ?? 1)

interface Place {
  address: string
  port: number
}

function greet(config: Config, { address, port }: Place, ms: number): void {
  const origin = config.PUBLIC_URL ?? `http://${isIPv6(address) ? `[${address}]` : address}:${port}`
  if (config.isProduction) {
    return
  }
  process.stdout.write(`
  Tasklane ${VERSION} is ready after ${(ms / 1000).toFixed(1)} s, on ${config.DATABASE_URL === undefined ? `the embedded database in ${config.DATA_DIR}` : 'PostgreSQL'}${config.WEB_CONCURRENCY > 1 ? `, in ${config.WEB_CONCURRENCY} processes` : ''}.

${config.CONSOLE_ENABLED ? `    App    ${origin}/app/\n` : ''}    API    ${origin}/api/v1
    Docs   ${origin}/docs      (Authorize takes username and password)
${config.EMAIL_ENABLED && config.SMTP_URL === undefined ? `    Mails  ${origin}/dev/mails  (what would have been sent)\n` : ''}
    Your first account${config.FIRST_USER_ADMIN ? ' (the first one becomes admin)' : ''}:
    curl -X POST ${origin}/api/v1/auth/register -H 'Content-Type: application/json' \\
      -d '{"username": "ann", "password": "correct horse battery"}'

`)
}

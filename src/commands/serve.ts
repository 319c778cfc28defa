import cluster from 'node:cluster'
import { flushCompileCache } from 'node:module'
import { type AddressInfo, Server } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { buildApp } from '../app.ts'
import { watchBackgroundWork } from '../background.ts'
import type { Config } from '../config.ts'
import { ClusterCounters } from '../core/cluster-counters.ts'
import type { Deps } from '../core/deps.ts'
import { createLogger } from '../core/log.ts'
import { createMail } from '../core/mail.ts'
import type { Metrics } from '../core/metrics.ts'
import { createPasswords } from '../core/passwords.ts'
import { openTracing } from '../core/tracing.ts'
import type { Database } from '../db/client.ts'
import { hasUsers } from '../features/admin-users/queries.ts'
import { startBackgroundWork } from './background-work.ts'
import { printBanner } from './banner.ts'
import { loadConfig, loadSecrets, migrateWithRetry, openConfiguredDatabase } from './bootstrap.ts'
import { runCluster, WORKER_SLOT } from './cluster.ts'
import { setUpShutdown } from './graceful-shutdown.ts'
import { listenError } from './listen-error.ts'

interface Listening {
  host: string
  port: number
  /** Asked in development only, for the banner. */
  hasUsers: boolean
}

/** Serves in this process, or in as many as `WEB_CONCURRENCY` says with this one as their primary process. */
export async function serve(): Promise<void> {
  const startedAt = performance.now()
  const config = loadConfig()
  if (cluster.isWorker) {
    await startServer({ ...config, LOG_FILE: workerFile(config.LOG_FILE) })
    return
  }
  const listening =
    config.WEB_CONCURRENCY === 1 ? await startServer(config) : await startCluster(config)
  if (!config.isProduction) {
    printBanner(config, { ...listening, startMs: performance.now() - startedAt })
  }
}

async function startCluster(config: Config): Promise<Listening> {
  const logger = createLogger(config)
  const metricsServer = await loadMetricsServer(config)
  await metricsServer?.startSharedMetricsServer(config)
  try {
    const { port } = await runCluster(config.WEB_CONCURRENCY, logger)
    // Only the greeting depends on it.
    const hasUsers = await hasUsersInCluster(config).catch(() => true)
    return { host: config.HOST, port, hasUsers }
  } catch (error) {
    // The process that could not start has reported why.
    process.exit((error as { code?: number | null }).code ?? 1)
  }
}

/** The primary process has no database of its own. */
async function hasUsersInCluster(config: Config): Promise<boolean> {
  if (config.isProduction) {
    return true
  }
  const database = await openConfiguredDatabase(config)
  try {
    return await hasUsers(database.db)
  } finally {
    await database.close()
  }
}

/** Returns the file of one of several processes, numbered: a file that is rotated must have one writer. */
const workerFile = (file: string | undefined): string | undefined =>
  file?.replace(/(\.[^./]*)?$/, `.${process.env[WORKER_SLOT]}$1`)

/** Loads metrics where the configuration exposes them; elsewhere they would only slow down the start. */
const loadMetricsServer = async ({ METRICS_PORT, METRICS_TOKEN }: Config) =>
  METRICS_PORT === undefined && METRICS_TOKEN === undefined
    ? undefined
    : import('./metrics-server.ts')

/** Migrates the database and serves until the process is asked to shut down, which interrupts no request. */
async function startServer(config: Config): Promise<Listening> {
  const logger = createLogger(config)
  const { isShuttingDown, onShutdown } = setUpShutdown(logger)
  const tracing = await openTracing(config)
  const database = await openConfiguredDatabase(config, tracing?.traceStatement)
  await migrateWithRetry(config, database, logger)

  const { db } = database
  const passwords = createPasswords()
  const metricsServer = await loadMetricsServer(config)
  const metrics = metricsServer?.openMetrics()
  const mail = createMail(config, logger, undefined, metrics?.recordEmail)
  if (metrics) {
    watchProcess(metrics, database, passwords)
  }
  const secrets = loadSecrets(config)
  const work = startBackgroundWork({ db, config, secrets, mail, metrics }, logger, {
    runsJobs: config.WORKER_ENABLED
  })
  const app = await buildApp(
    {
      db,
      config,
      mail,
      passwords,
      metrics,
      tracing,
      secrets,
      isShuttingDown,
      wakeJobs: work.wake,
      counters: cluster.isWorker ? ClusterCounters : undefined
    },
    logger
  )
  const address = { host: config.HOST, port: config.PORT }
  await app.listen(address).catch((error) => {
    throw listenError(error, { ...address, settings: ['HOST', 'PORT'] })
  })
  const ownMetrics = cluster.isWorker
    ? undefined
    : await metricsServer?.startMetricsServer(config, metrics)
  // Now, since a process that is killed later has no time for it.
  flushCompileCache()

  onShutdown(async (skipDrain) => {
    await drain(app.server, skipDrain ? 0 : config.DRAIN_SECONDS)
    await app.close()
    await ownMetrics?.close()
    await work.stop()
    await mail.close()
    await database.close()
    await tracing?.close()
  })
  const { address: host, port } = app.addresses()[0] as AddressInfo
  if (config.isProduction) {
    logger.info({ address: host, port }, 'listening')
  }
  const isGreeted = !config.isProduction && cluster.isPrimary
  return { host, port, hasUsers: !isGreeted || (await hasUsers(db)) }
}

function watchProcess(metrics: Metrics, database: Database, passwords: Deps['passwords']): void {
  for (const [name, stats] of Object.entries(database.queueStats)) {
    metrics.watchQueue(`database_${name}`, stats)
  }
  metrics.watchQueue('password_hashes', passwords.queueStats)
  watchBackgroundWork(metrics, database.db)
}

/** Waits until the load balancer's probes have noticed; responses meanwhile carry Connection: close. */
async function drain(server: Server, seconds: number): Promise<void> {
  // From now on new connections go to the other processes. Without any, this one still accepts them meanwhile.
  if (cluster.isWorker) {
    Server.prototype.close.call(server)
  }
  await pause(seconds * 1000)
}

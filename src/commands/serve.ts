import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from 'pino'
import { buildApp } from '../app.ts'
import { type Config, isProduction } from '../config.ts'
import { startChores } from '../core/chores.ts'
import { createLogger } from '../core/log.ts'
import { createMail } from '../core/mail.ts'
import { createPasswords } from '../core/passwords.ts'
import type { Database } from '../db/client.ts'
import { failureOf } from '../db/failures.ts'
import { migrate } from '../db/migrate.ts'
import { chores } from '../jobs.ts'
import type { App } from '../plugins/server.ts'
import { VERSION } from '../plugins/openapi.ts'
import { leaveWithNpm } from './orphan.ts'
import { loadConfig, loadSecret, openConfigured } from './start-up.ts'

/** An orchestrator gives up after 10 s by habit; a process that has not left by then is stuck and ends itself. */
const HARD_STOP_MS = 10_000
const DATABASE_WAIT_MS = 60_000
const DATABASE_RETRY_MS = 1000

type Leave = (reason: string, exitCode: number, drainSeconds: number) => Promise<void>

/** Migrates the database, serves until it is asked to leave, and leaves without dropping a request. */
export async function serve (): Promise<void> {
  const startedAt = performance.now()
  const config = loadConfig()
  const logger = createLogger(config)
  // Until there is something to drain. As process 1 of a container nothing but a handler of ours ends us.
  let leave: Leave = async (_reason, exitCode) => process.exit(exitCode)
  process.once('SIGTERM', () => { leave('SIGTERM', 0, config.DRAIN_SECONDS) })
  process.once('SIGINT', () => { leave('SIGINT', 0, 0) })
  leaveWithNpm(() => { leave('npm has ended', 0, 0) })
  const database = await openConfigured(config)
  await migrateWhenReachable(database, logger)

  let leaving = false
  const mail = createMail(config, logger)
  const app = await buildApp({ db: database.db, config, mail, passwords: await createPasswords(), secret: loadSecret(config), isLeaving: () => leaving }, logger)
  const recurring = startChores(chores({ db: database.db, config }), logger)
  await app.listen({ host: config.HOST, port: config.PORT })
  greet(config, database, app, performance.now() - startedAt)

  leave = async (reason, exitCode, drainSeconds) => {
    if (leaving) return
    leaving = true
    logger.info({ reason }, 'leaving')
    setTimeout(() => { logger.fatal('still busy after the hard limit'); process.exit(1) }, HARD_STOP_MS).unref()
    // Long enough for the balancer's probes to notice; answers meanwhile carry Connection: close.
    await pause(drainSeconds * 1000)
    await app.close()
    await recurring.stop()
    await mail.close()
    await database.close()
    logger.flush(() => process.exit(exitCode))
  }
  process.once('uncaughtException', (err) => { logger.fatal({ err }, 'uncaught exception'); leave('uncaught exception', 1, 0) })
  process.once('unhandledRejection', (err) => { logger.fatal({ err }, 'unhandled rejection'); leave('unhandled rejection', 1, 0) })
}

/** A database that is still starting is waited for; one that refuses us is not. */
async function migrateWhenReachable ({ db }: Database, logger: Logger): Promise<void> {
  const giveUpAt = Date.now() + DATABASE_WAIT_MS
  for (;;) {
    try {
      await migrate(db)
      return
    } catch (err) {
      if (failureOf(err) !== 'unavailable' || Date.now() > giveUpAt) throw err
      logger.warn({ err }, 'waiting for the database')
      await pause(DATABASE_RETRY_MS)
    }
  }
}

function greet (config: Config, { embedded }: Database, app: App, ms: number): void {
  const address = app.addresses()[0] as AddressInfo
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address
  const origin = config.PUBLIC_URL ?? `http://${host}:${address.port}`
  if (isProduction(config)) { app.log.info({ origin }, 'listening'); return }
  process.stdout.write(`
  Tasklane ${VERSION} is ready after ${(ms / 1000).toFixed(1)} s, on ${embedded ? `the embedded database in ${config.DATA_DIR}` : 'PostgreSQL'}.

    API    ${origin}/api/v1
    Docs   ${origin}/docs      (Authorize takes username and password)

    Your first account${config.FIRST_USER_ADMIN === false ? '' : ' (the first one becomes admin)'}:
    curl -X POST ${origin}/api/v1/auth/register -H 'Content-Type: application/json' \\
      -d '{"username": "ann", "password": "correct horse battery"}'

`)
}

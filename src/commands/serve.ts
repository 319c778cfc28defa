import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { buildApp } from '../app.ts'
import { type Config, isProduction } from '../config.ts'
import { createLogger } from '../core/log.ts'
import { createMail } from '../core/mail.ts'
import { createPasswords } from '../core/passwords.ts'
import type { Database } from '../db/client.ts'
import type { App } from '../plugins/server.ts'
import { VERSION } from '../plugins/openapi.ts'
import { prepareDeparture } from './departure.ts'
import { loadConfig, loadSecret, migrateWhenReachable, openConfigured } from './start-up.ts'
import { startWork } from './work.ts'

/** Migrates the database, serves until it is asked to leave, and leaves without dropping a request. */
export async function serve (): Promise<void> {
  const startedAt = performance.now()
  const config = loadConfig()
  const logger = createLogger(config)
  const departure = prepareDeparture(logger)
  const database = await openConfigured(config)
  await migrateWhenReachable(database, logger)

  const mail = createMail(config, logger)
  const work = startWork({ db: database.db, config }, logger, { takesJobs: config.WORKER === 'on' })
  const app = await buildApp({ db: database.db, config, mail, passwords: await createPasswords(), secret: loadSecret(config), isLeaving: departure.isLeaving, wakeJobs: work.wake }, logger)
  await app.listen({ host: config.HOST, port: config.PORT })
  greet(config, database, app, performance.now() - startedAt)

  departure.by(async (isHurried) => {
    // Long enough for the balancer's probes to notice; answers meanwhile carry Connection: close.
    if (!isHurried) await pause(config.DRAIN_SECONDS * 1000)
    await app.close()
    await work.stop()
    await mail.close()
    await database.close()
  })
}

function greet (config: Config, { embedded }: Database, app: App, ms: number): void {
  const address = app.addresses()[0] as AddressInfo
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address
  const origin = config.PUBLIC_URL ?? `http://${host}:${address.port}`
  if (isProduction(config)) { app.log.info({ origin }, 'listening'); return }
  process.stdout.write(`
  Tasklane ${VERSION} is ready after ${(ms / 1000).toFixed(1)} s, on ${embedded ? `the embedded database in ${config.DATA_DIR}` : 'PostgreSQL'}.

${config.CONSOLE === 'on' ? `    App    ${origin}/app/\n` : ''}    API    ${origin}/api/v1
    Docs   ${origin}/docs      (Authorize takes username and password)
${config.MAILER === 'on' && config.MAIL_URL === undefined ? `    Mails  ${origin}/dev/mails  (what would have been sent)\n` : ''}
    Your first account${config.FIRST_USER_ADMIN === false ? '' : ' (the first one becomes admin)'}:
    curl -X POST ${origin}/api/v1/auth/register -H 'Content-Type: application/json' \\
      -d '{"username": "ann", "password": "correct horse battery"}'

`)
}

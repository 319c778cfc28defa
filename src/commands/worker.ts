import { flushCompileCache } from 'node:module'
import { createLogger } from '../core/log.ts'
import { createMail } from '../core/mail.ts'
import { startBackgroundWork } from './background-work.ts'
import { loadConfig, loadSecrets, migrateWithRetry, openConfiguredDatabase } from './bootstrap.ts'
import { setUpShutdown } from './graceful-shutdown.ts'

/**
 * Runs background jobs and scheduled tasks, without HTTP, until the process is asked to shut down. It finishes the runs
 * in progress; other workers take over the rest.
 */
export async function worker(): Promise<void> {
  const config = loadConfig()
  const logger = createLogger(config)
  const { onShutdown } = setUpShutdown(logger)
  const database = await openConfiguredDatabase(config)
  await migrateWithRetry(config, database, logger)
  const mail = createMail(config, logger)
  const work = startBackgroundWork(
    { db: database.db, config, secrets: loadSecrets(config), mail },
    logger,
    { runsJobs: true }
  )
  flushCompileCache()
  console.log('Running background jobs. Press Ctrl+C to stop.')
  onShutdown(async () => {
    await work.stop()
    await mail.close()
    await database.close()
  })
}

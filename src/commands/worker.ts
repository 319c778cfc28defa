import { flushCompileCache } from 'node:module'
import { createLogger } from '../core/log.ts'
import { startBackgroundWork } from './background-work.ts'
import { loadConfig, migrateWithRetry, openConfiguredDatabase } from './bootstrap.ts'
import { setUpShutdown } from './graceful-shutdown.ts'

/** Works on imports and chores, without HTTP, until it is asked to leave; what is under way then is ended, the rest is left to others. */
export async function worker(): Promise<void> {
  const config = loadConfig()
  const logger = createLogger(config)
  const departure = setUpShutdown(logger)
  const database = await openConfiguredDatabase(config)
  await migrateWithRetry(config, database, logger)
  const work = startBackgroundWork({ db: database.db, config }, logger, { takesJobs: true })
  flushCompileCache()
  console.log('Working on imports. Ctrl+C ends it.')
  departure.onShutdown(async () => {
    await work.stop()
    await database.close()
  })
}

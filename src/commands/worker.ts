import { flushCompileCache } from 'node:module'
import { createLogger } from '../core/log.ts'
import { prepareDeparture } from './departure.ts'
import { loadConfig, migrateWhenReachable, openConfigured } from './start-up.ts'
import { startWork } from './work.ts'

/** Works on imports and chores, without HTTP, until it is asked to leave; what is under way then is ended, the rest is left to others. */
export async function worker(): Promise<void> {
  const config = loadConfig()
  const logger = createLogger(config)
  const departure = prepareDeparture(logger)
  const database = await openConfigured(config)
  await migrateWhenReachable(config, database, logger)
  const work = startWork({ db: database.db, config }, logger, { takesJobs: true })
  flushCompileCache()
  console.log('Working on imports. Ctrl+C ends it.')
  departure.by(async () => {
    await work.stop()
    await database.close()
  })
}

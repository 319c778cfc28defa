import { migrate } from '../db/migrate.ts'
import { loadConfig, openConfigured } from './start-up.ts'

/** Applies what is missing and says how much it was. */
export async function migrateCommand (): Promise<void> {
  const database = await openConfigured(loadConfig())
  try {
    const applied = await migrate(database.db)
    console.log(applied === 0 ? 'The database is up to date.' : `Applied ${applied} migration${applied === 1 ? '' : 's'}.`)
  } finally {
    await database.close()
  }
}

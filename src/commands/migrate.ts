import { listUndistributedTables } from '../db/citus/distribution.ts'
import { loadConfig, migrateConfigured, openConfiguredDatabase } from './bootstrap.ts'

/** Applies the missing migrations, prints their number, and warns of tables that a cluster has yet to distribute. */
export async function migrateCommand(): Promise<void> {
  const config = loadConfig()
  const database = await openConfiguredDatabase(config)
  try {
    const { applied, ahead } = await migrateConfigured(config, database)
    const result =
      applied === 0
        ? 'The database is up to date.'
        : `Applied ${applied} migration${applied === 1 ? '' : 's'}.`
    console.log(ahead === 0 ? result : `${result} A newer version has added to it.`)
    const plain = await listUndistributedTables(database.db)
    if (plain.length > 0) {
      console.warn(
        `Warning: ${plain.join(', ')} ${plain.length === 1 ? 'is' : 'are'} not distributed. ` +
          'Run: npm run tasklane -- distribute'
      )
    }
  } finally {
    await database.close()
  }
}

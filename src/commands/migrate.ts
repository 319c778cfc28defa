import { loadConfig, migrateConfigured, openConfiguredDatabase } from './bootstrap.ts'

/** Applies the missing migrations and prints their number. */
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
  } finally {
    await database.close()
  }
}

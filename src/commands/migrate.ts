import { loadConfig, migrateConfigured, openConfiguredDatabase } from './bootstrap.ts'

/** Applies what is missing and says how much it was. */
export async function migrateCommand(): Promise<void> {
  const config = loadConfig()
  const database = await openConfiguredDatabase(config)
  try {
    const { applied, ahead } = await migrateConfigured(config, database)
    const said =
      applied === 0
        ? 'The database is up to date.'
        : `Applied ${applied} migration${applied === 1 ? '' : 's'}.`
    console.log(ahead === 0 ? said : `${said} A newer version has added to it.`)
  } finally {
    await database.close()
  }
}

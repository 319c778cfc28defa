import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { checkServer } from '../db/check-server.ts'
import { openDatabase } from '../db/client.ts'
import {
  copyDatabase,
  type TableChecksum,
  TableNotEmptyError,
  tableChecksums
} from '../db/copy-database.ts'
import { migrate } from '../db/migrate.ts'
import { CommandError, loadConfig, openForMigration } from './bootstrap.ts'

/** Copies everything from the embedded database to an empty one on a server. The embedded database is not changed. */
export async function transfer(): Promise<void> {
  const config = loadConfig()
  const { DATA_DIR: dataDir } = config
  if (config.DATABASE_URL === undefined) {
    throw new CommandError(
      'Set DATABASE_URL to the PostgreSQL database that everything is to be copied to.'
    )
  }
  if (!existsSync(join(dataDir, 'database'))) {
    throw new CommandError(
      `There is no embedded database in ${dataDir}. Set DATA_DIR to its directory.`
    )
  }
  const from = await openDatabase({ dataDir, pool: 1 })
  const to = await openForMigration(config)
  try {
    // Both get the schema of this version, so that they have the same columns.
    await checkServer(to.db)
    await migrate(from.db)
    await migrate(to.db)
    print(await copyDatabase(from.db, to.db))
    console.log(
      `Everything was copied to PostgreSQL, row for row. ${dataDir} is unchanged. ` +
        'Serve with DATABASE_URL from now on.'
    )
    if (existsSync(join(dataDir, 'secret'))) {
      console.log(
        `Set JWT_SECRET="$(cat ${join(dataDir, 'secret')})" to keep existing access tokens and cursors valid.`
      )
    }
  } catch (error) {
    throw error instanceof TableNotEmptyError
      ? new CommandError(`${error.message} A transfer needs an empty database. Nothing was copied.`)
      : error
  } finally {
    await to.close()
    await from.close()
  }
}

/** Prints the checksum of each table: databases with the same output have the same rows. */
export async function checksum(): Promise<void> {
  const { DATABASE_URL: url, DATA_DIR: dataDir } = loadConfig()
  if (url === undefined && !existsSync(join(dataDir, 'database'))) {
    throw new CommandError(
      `There is no embedded database in ${dataDir}. Set DATA_DIR to its directory.`
    )
  }
  const database = await openDatabase({ url, dataDir, pool: 1, withoutTimeouts: true })
  try {
    print(await tableChecksums(database.db))
  } finally {
    await database.close()
  }
}

function print(checksums: TableChecksum[]): void {
  for (const { table, rows, checksum } of checksums) {
    console.log(`${table.padEnd(24)} ${String(rows).padStart(12)}  ${checksum}`)
  }
}

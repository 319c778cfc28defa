import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { openDatabase } from '../db/client.ts'
import {
  copyDatabase,
  type TableChecksum,
  TableNotEmptyError,
  tableChecksums
} from '../db/copy-database.ts'
import { migrate } from '../db/migrate.ts'
import { CommandError, loadConfig } from './bootstrap.ts'

/** Copies everything from the embedded database into an empty one on a server. What was copied stays where it was. */
export async function transfer(): Promise<void> {
  const { DATABASE_URL: url, DATA_DIR: dataDir } = loadConfig()
  if (url === undefined) {
    throw new CommandError(
      'Say in DATABASE_URL where the PostgreSQL is that everything is to be copied to.'
    )
  }
  if (!existsSync(join(dataDir, 'database'))) {
    throw new CommandError(
      `There is no embedded database in ${dataDir}. DATA_DIR says where it is.`
    )
  }
  const from = await openDatabase({ dataDir, pool: 1 })
  const to = await openDatabase({ url, dataDir, pool: 1, withoutTimeouts: true })
  try {
    // Both become what this version knows, so that they have the same columns.
    await migrate(from.db)
    await migrate(to.db)
    say(await copyDatabase(from.db, to.db))
    console.log(
      `Everything is in PostgreSQL, row for row. ${dataDir} is as it was; serve with DATABASE_URL from now on.`
    )
    if (existsSync(join(dataDir, 'secret'))) {
      console.log(
        `JWT_SECRET="$(cat ${join(dataDir, 'secret')})" keeps access tokens and cursors valid that were given out so far.`
      )
    }
  } catch (error) {
    throw error instanceof TableNotEmptyError
      ? new CommandError(
          `${error.message} A transfer goes into an empty database only; nothing was copied.`
        )
      : error
  } finally {
    await to.close()
    await from.close()
  }
}

/** Says what the database holds: two that print the same hold the same. */
export async function checksum(): Promise<void> {
  const { DATABASE_URL: url, DATA_DIR: dataDir } = loadConfig()
  if (url === undefined && !existsSync(join(dataDir, 'database'))) {
    throw new CommandError(
      `There is no embedded database in ${dataDir}. DATA_DIR says where it is.`
    )
  }
  const database = await openDatabase({ url, dataDir, pool: 1, withoutTimeouts: true })
  try {
    say(await tableChecksums(database.db))
  } finally {
    await database.close()
  }
}

function say(contents: TableChecksum[]): void {
  for (const { table, rows, checksum } of contents) {
    console.log(`${table.padEnd(24)} ${String(rows).padStart(12)}  ${checksum}`)
  }
}

import { createHash } from 'node:crypto'
import { sql } from 'drizzle-orm'
import { readMigrationFiles } from 'drizzle-orm/migrator'
import type { Sql } from 'postgres'
import { createPasswords } from '../src/core/passwords.ts'
import { openDatabase } from '../src/db/client.ts'
import { migrate } from '../src/db/migrate.ts'
import {
  FILL_BASELINE,
  INSERT_EVENTS,
  insertBigOwnerTasks,
  insertOwners,
  insertTasks,
  OPEN_SESSIONS,
  SIZES
} from './data.sql.ts'

export interface Size {
  name: string
  owners: number
  tasksPerOwner: number
  /** Tasks of owner 0, who has more than anybody else. */
  bigOwnerTasks: number
}
export const SIZES_OF_DATA = {
  small: { name: 'small', owners: 1000, tasksPerOwner: 10, bigOwnerTasks: 0 },
  medium: { name: 'medium', owners: 1000, tasksPerOwner: 100, bigOwnerTasks: 0 },
  large: { name: 'large', owners: 1000, tasksPerOwner: 1000, bigOwnerTasks: 200_000 },
  embedded: { name: 'embedded', owners: 100, tasksPerOwner: 100, bigOwnerTasks: 0 }
} satisfies Record<string, Size>
export type SizeName = keyof typeof SIZES_OF_DATA

/** Returns how many tasks a database of this size has. */
export const countTasks = ({ owners, tasksPerOwner, bigOwnerTasks }: Size): number =>
  owners * tasksPerOwner + bigOwnerTasks

export const PASSWORD = 'correct horse battery'

const migrationsFolder = new URL('../drizzle', import.meta.url).pathname
const version = createHash('sha256')
  .update(
    [
      ...readMigrationFiles({ migrationsFolder }).map(({ hash }) => hash),
      ...[insertOwners(1, ''), insertTasks(1, 1), insertBigOwnerTasks(1), INSERT_EVENTS],
      ...FILL_BASELINE
    ].join()
  )
  .digest('hex')
  .slice(0, 8)

/**
 * Copies a filled database, so that each run starts from the same state down to the bytes on disk. It is filled once
 * per version of the schema and of the data, for all later runs. Returns the name of the copy.
 */
export async function prepareDatabase(
  urlOf: (database: string) => string,
  size: Size,
  log: (line: string) => void
): Promise<string> {
  const filled = `filled_${size.name}_${version}`
  const copy = 'run'
  await withClient(urlOf('postgres'), async (admin) => {
    const found = await admin`SELECT 1 FROM pg_database WHERE datname = ${filled}`
    if (found.length === 0) {
      const draft = `${filled}_draft`
      await admin.unsafe(`DROP DATABASE IF EXISTS ${draft}`)
      await admin.unsafe(`CREATE DATABASE ${draft}`)
      log(
        `filling ${filled} with ${countTasks(size).toLocaleString('en')} tasks; later runs copy it`
      )
      await fillServer(urlOf(draft), size)
      await admin.unsafe(`ALTER DATABASE ${draft} RENAME TO ${filled}`)
    }
    await admin.unsafe(`DROP DATABASE IF EXISTS ${copy}`)
    await admin.unsafe(`CREATE DATABASE ${copy} TEMPLATE ${filled}`)
  })
  await withClient(urlOf(copy), async (client) => {
    await client.unsafe(OPEN_SESSIONS)
    await client.unsafe('VACUUM ANALYZE sessions')
    // Else the server would write the copied pages to disk while it is measured.
    await client.unsafe('CHECKPOINT')
  })
  return copy
}

/** Runs statements on one connection, without a limit of time. */
async function withClient<T>(url: string, use: (client: Sql) => Promise<T>): Promise<T> {
  // Imported late: db/client.ts patches the driver and must load it first.
  const { default: postgres } = await import('postgres')
  const client = postgres(url, { max: 1, onnotice() {}, connection: { statement_timeout: 0 } })
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}

/** Creates and fills an embedded database. */
export async function fillEmbedded(dataDir: string): Promise<void> {
  const { db, close } = await openDatabase({ dataDir, pool: 1 })
  const run = (statement: string) => db.execute(sql.raw(statement))
  await migrate(db)
  await fill(run, SIZES_OF_DATA.embedded)
  await run(OPEN_SESSIONS)
  await close()
}

/** Returns the megabytes on disk of all tables of Tasklane, and of the baseline's. */
export const readSizes = (url: string): Promise<{ tasklane: number; baseline: number }> =>
  withClient(url, async (client) => {
    const [sizes] = await client.unsafe(SIZES)
    return { tasklane: Number(sizes?.tasklane), baseline: Number(sizes?.baseline) }
  })

async function fillServer(url: string, size: Size): Promise<void> {
  const database = await openDatabase({ url, dataDir: '', pool: 2 })
  await migrate(database.db)
  await database.close()
  await withClient(url, async (client) => {
    await fill((statement) => client.unsafe(statement), size)
    for (const statement of FILL_BASELINE) {
      await client.unsafe(statement)
    }
    await client.unsafe('VACUUM ANALYZE')
  })
}

async function fill(
  run: (statement: string) => Promise<unknown>,
  { owners, tasksPerOwner, bigOwnerTasks }: Size
): Promise<void> {
  const { hash } = createPasswords()
  await run(insertOwners(owners, await hash(PASSWORD)))
  await run(insertTasks(owners, tasksPerOwner))
  if (bigOwnerTasks > 0) {
    await run(insertBigOwnerTasks(bigOwnerTasks))
  }
  await run(INSERT_EVENTS)
  await run('VACUUM ANALYZE')
}

import { createHash } from 'node:crypto'
import { sql } from 'drizzle-orm'
import { readMigrationFiles } from 'drizzle-orm/migrator'
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
  RESET,
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
const schemaVersion = createHash('sha256')
  .update(
    [...readMigrationFiles({ migrationsFolder }).map(({ hash }) => hash), ...FILL_BASELINE].join()
  )
  .digest('hex')
  .slice(0, 8)

/** Fills a database once per version of the schema, for all later runs as well. Returns its name. */
export async function ensureDatabase(
  urlOf: (database: string) => string,
  size: Size,
  log: (line: string) => void
): Promise<string> {
  const name = `bench_${size.name}_${schemaVersion}`
  // Imported late: db/client.ts patches the driver and must load it first.
  const { default: postgres } = await import('postgres')
  const admin = postgres(urlOf('postgres'), { max: 1, onnotice() {} })
  try {
    const found = await admin`SELECT 1 FROM pg_database WHERE datname = ${name}`
    if (found.length > 0) {
      return name
    }
    const draft = `${name}_draft`
    await admin.unsafe(`DROP DATABASE IF EXISTS ${draft}`)
    await admin.unsafe(`CREATE DATABASE ${draft}`)
    log(`filling ${name} with ${countTasks(size).toLocaleString('en')} tasks; later runs reuse it`)
    await fillServer(urlOf(draft), size)
    await admin.unsafe(`ALTER DATABASE ${draft} RENAME TO ${name}`)
    return name
  } finally {
    await admin.end()
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

/** Removes what earlier runs have written, so that each run starts from the same state. */
export async function reset(url: string): Promise<void> {
  const { default: postgres } = await import('postgres')
  const client = postgres(url, { max: 1, onnotice() {} })
  for (const statement of RESET) {
    await client.unsafe(statement)
  }
  await client.end()
}

/** Returns the megabytes on disk of all tables of Tasklane, and of the baseline's. */
export async function readSizes(url: string): Promise<{ tasklane: number; baseline: number }> {
  const { default: postgres } = await import('postgres')
  const client = postgres(url, { max: 1, onnotice() {} })
  const [sizes] = await client.unsafe(SIZES)
  await client.end()
  return { tasklane: Number(sizes?.tasklane), baseline: Number(sizes?.baseline) }
}

async function fillServer(url: string, size: Size): Promise<void> {
  const database = await openDatabase({ url, dataDir: '', pool: 2 })
  await migrate(database.db)
  await database.close()
  const { default: postgres } = await import('postgres')
  const client = postgres(url, { max: 1, onnotice() {}, connection: { statement_timeout: 0 } })
  const run = (statement: string) => client.unsafe(statement)
  await fill(run, size)
  for (const statement of FILL_BASELINE) {
    await run(statement)
  }
  await run('VACUUM ANALYZE')
  await client.end()
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

import { createHash, randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readMigrationFiles } from 'drizzle-orm/migrator'
import type { Test } from 'tap'
import {
  createPglite,
  type Database,
  type Db,
  embedded,
  openDatabase
} from '../../src/db/client.ts'
import { migrate } from '../../src/db/migrate.ts'
import { connectNodes, distributeTest, workerUrls } from './citus.ts'
import { openEmbeddedDatabase } from './embedded-database.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const migrations = readMigrationFiles({ migrationsFolder: join(ROOT, 'drizzle') })
/** Names the state of the schema: a changed migration makes a new snapshot and a new template. */
const state = createHash('sha256')
  .update(migrations.map((m) => m.hash).join())
  .digest('hex')
  .slice(0, 12)
const SNAPSHOT = join(ROOT, 'node_modules', '.cache', 'tasklane', `${state}.tar`)

/** Waiting for a connection has its own test (faults/frozen-database); elsewhere a busy machine must not matter. */
export const PATIENT_MS = 4000

/** The server that the suite runs on; without it, the embedded database. */
export const serverUrl = process.env.TEST_DATABASE_URL
/** For `skip` of tests with several processes: why they cannot run, or false. */
export const skipWithoutServer =
  serverUrl === undefined &&
  'the embedded database belongs to one process; this needs TEST_DATABASE_URL'
/** A pooler before that server, through which the application under test has to go; databases are made beside it. */
const poolerUrl = process.env.TEST_POOLER_URL

export interface TestDatabase extends Database {
  url: string | undefined
}

/** A migrated database of one's own: cloned from a template on a server, loaded from a snapshot when embedded. */
export async function createTestDatabase(): Promise<TestDatabase> {
  return serverUrl === undefined
    ? { ...(await openEmbeddedDatabase(SNAPSHOT)), url: undefined }
    : fromTemplate(serverUrl)
}

/** A database of one's own without any table, and without deadlines: what is migrated there takes its time. */
export async function createEmptyDatabase(): Promise<TestDatabase> {
  if (serverUrl === undefined) {
    return { ...(await embedded(await createPglite({}))), url: undefined }
  }
  const name = `tasklane_test_${randomUUID().slice(0, 8)}`
  await onServer(serverUrl, (admin) => admin.unsafe(`create database ${name} template template0`))
  return openOwn(serverUrl, name, { withoutTimeouts: true })
}

/** A migrated database of one's own with options of CREATE DATABASE, such as a locale. */
export async function createTestDatabaseOf(server: string, options: string): Promise<TestDatabase> {
  const name = `tasklane_test_${randomUUID().slice(0, 8)}`
  await onServer(server, (admin) =>
    admin.unsafe(`create database ${name} template template0 encoding 'UTF8' ${options}`)
  )
  const database = await openOwn(server, name)
  await migrate(database.db)
  return database
}

async function fromTemplate(server: string): Promise<TestDatabase> {
  const template = `tasklane_test_${state}`
  const name = `${template}_${randomUUID().slice(0, 8)}`
  await onServer(server, async (admin) => {
    await ensureTemplate(server, admin, template)
    await onNodes(server, admin, `create database ${name} template ${template}`)
  })
  return openOwn(server, name)
}

/** Runs a statement on a server, and on the workers where it is the coordinator of a cluster. */
async function onNodes(server: string, admin: Admin, statement: string): Promise<void> {
  const workers = await workerUrls(admin, server)
  await Promise.all([
    admin.unsafe(statement),
    ...workers.map((worker) => onServer(worker, (own) => own.unsafe(statement)))
  ])
}

/** Opens a database that is dropped when it is closed. */
async function openOwn(
  server: string,
  name: string,
  options: { withoutTimeouts?: boolean } = {}
): Promise<TestDatabase> {
  const url = databaseUrl(poolerUrl ?? server, name)
  const database = await openDatabase({
    url,
    dataDir: '',
    pool: 10,
    waitMs: PATIENT_MS,
    ...options
  })
  return {
    ...database,
    url,
    close: async () => {
      await database.close()
      await onServer(server, async (admin) => {
        await onNodes(server, admin, `drop database if exists ${name} with (force)`)
      })
    }
  }
}

type Admin = import('postgres').Sql

/** One file of the suite makes the template, the others wait for it. */
async function ensureTemplate(server: string, admin: Admin, template: string): Promise<void> {
  await admin.unsafe('select pg_advisory_lock(1413567571)')
  try {
    const [existing] = await admin.unsafe(`select 1 from pg_database where datname = '${template}'`)
    if (existing) {
      return
    }
    const draft = `${template}_draft`
    const workers = await workerUrls(admin, server)
    await onNodes(server, admin, `drop database if exists ${draft} with (force)`)
    await onNodes(server, admin, `create database ${draft}`)
    if (workers.length > 0) {
      await connectNodes(databaseUrl(server, draft), workers)
    }
    const database = await openDatabase({
      url: databaseUrl(server, draft),
      dataDir: '',
      pool: 1,
      withoutTimeouts: true
    })
    await migrate(database.db)
    await distributeTest(database.db)
    await database.close()
    // Nobody may be connected to what is copied, and Citus keeps a process in each database.
    await onNodes(server, admin, `alter database ${draft} allow_connections false`)
    await onNodes(
      server,
      admin,
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${draft}'`
    )
    await onNodes(server, admin, `alter database ${draft} rename to ${template}`)
  } finally {
    await admin.unsafe('select pg_advisory_unlock(1413567571)')
  }
}

async function onServer<T>(server: string, work: (admin: Admin) => Promise<T>): Promise<T> {
  const { default: postgres } = await import('postgres')
  const admin = postgres(server, { max: 1, onnotice() {} })
  try {
    return await work(admin)
  } finally {
    await admin.end()
  }
}

function databaseUrl(server: string, name: string): string {
  const url = new URL(server)
  url.pathname = `/${name}`
  return url.href
}

/** The same database without deadlines, for seeding and for plans; closed with the test. */
export async function openWithoutTimeouts(t: Test, url: string | undefined): Promise<Db> {
  if (url === undefined) {
    throw new Error('there is no server')
  }
  const { default: postgres } = await import('postgres')
  const { drizzle } = await import('drizzle-orm/postgres-js')
  const client = postgres(url, { max: 1, onnotice() {} })
  t.teardown(() => client.end())
  return drizzle(client) as unknown as Db
}

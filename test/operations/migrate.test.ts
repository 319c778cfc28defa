import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { sql } from 'drizzle-orm'
import t, { type Test } from 'tap'
import { type Db, openDatabase } from '../../src/db/client.ts'
import { MigrationLockTimeout, migrate, SchemaAheadError } from '../../src/db/migrate.ts'
import { executeRows } from '../../src/db/rows.ts'
import { call, runCommand, startServer } from '../support/command.ts'
import { withMigration } from '../support/migrations.ts'
import { createOutageApp, traffic } from '../support/outage.ts'
import { startPostgres, withoutPostgres } from '../support/postgres-server.ts'
import { populate, SAMPLE_ENV } from '../support/sample-data.ts'
import { waitUntil } from '../support/wait-until.ts'

const MIGRATING = fileURLToPath(new URL('migrating.ts', import.meta.url))
/** Adds a column to a table that is in use, and a new table. */
const ADDS = `-- expand
alter table tasks add column colour text;
--> statement-breakpoint
create table colours (name text primary key);`
/** The same, and then runs as long as the table `gate` has a row. */
const SLOW = `${ADDS}
--> statement-breakpoint
do $$ begin while exists (select from gate) loop perform pg_sleep(0.02); end loop; end $$;`
const skip = withoutPostgres
const server = skip ? (undefined as never) : await startPostgres(t)

/** Creates a database on the server that is migrated to this version. */
async function createMigrated(t: Test, name: string): Promise<{ db: Db; url: string }> {
  await server.admin((sql) => sql.unsafe(`create database ${name} owner app`))
  const url = new URL(`/${name}`, server.url).href
  const { db, close } = await openDatabase({ url, dataDir: '', pool: 4, withoutTimeouts: true })
  t.teardown(close)
  await migrate(db)
  return { db, url }
}
const colours = async (db: Db) =>
  (
    await executeRows<{ n: number }>(
      db,
      sql`
        SELECT count(*)::int AS n
        FROM information_schema.columns
        WHERE table_schema = 'public' AND (column_name = 'colour' OR table_name = 'colours')`
    )
  )[0]?.n
const atTheGate = async (db: Db) =>
  (
    await executeRows(
      db,
      sql`
        SELECT pid
        FROM pg_stat_activity
        WHERE datname = current_database()
          AND query LIKE '%while exists (select from gate)%'
          AND state = 'active'
          AND pid <> pg_backend_pid()`
    )
  ).length

t.test(
  'a migration that is killed midway changes nothing, and the next run applies it',
  { skip },
  async (t) => {
    const { db, url } = await createMigrated(t, 'killed')
    const folder = withMigration(t, SLOW)
    await db.execute(sql`create table gate ()`)
    await db.execute(sql`insert into gate default values`)
    const child = spawn(process.execPath, [MIGRATING, url, folder], { stdio: 'ignore' })
    await waitUntil('the running migration', async () => (await atTheGate(db)) === 1)
    child.kill('SIGKILL')
    await once(child, 'exit')
    await db.execute(sql`delete from gate`)
    t.equal((await migrate(db, { folder })).applied, 1)
    t.equal(await colours(db), 2)
    t.equal((await migrate(db, { folder })).applied, 0)
  }
)

t.test(
  'of several processes that migrate at once one does, and the others wait',
  { skip },
  async (t) => {
    const { db, url } = await createMigrated(t, 'together')
    const folder = withMigration(t, SLOW)
    await db.execute(sql`create table gate ()`)
    await db.execute(sql`insert into gate default values`)
    const runners = Array.from({ length: 4 }, async () => {
      const own = await openDatabase({ url, dataDir: '', pool: 1, withoutTimeouts: true })
      return migrate(own.db, { folder }).finally(own.close)
    })
    await waitUntil('the running migration', async () => (await atTheGate(db)) === 1)
    await db.execute(sql`delete from gate`)
    t.strictSame((await Promise.all(runners)).map(({ applied }) => applied).sort(), [0, 0, 0, 1])
    t.equal(await colours(db), 2)
  }
)

t.test(
  'a migration waits for a locked table without blocking requests, and gives up with an error',
  { skip },
  async (t) => {
    const { ann } = await createOutageApp(t, server)
    const { db, close } = await openDatabase({
      url: server.url,
      dataDir: '',
      pool: 2,
      withoutTimeouts: true
    })
    t.teardown(close)
    const folder = withMigration(t, '-- expand\nalter table tasks add column held text;')
    const { more, settle, seen } = traffic(t, ann)
    await more('served', 40)
    const { promise: over, resolve: end } = Promise.withResolvers<void>()
    const { promise: held, resolve: hold } = Promise.withResolvers<void>()
    const holder = db.transaction(async (tx) => {
      await tx.execute(sql`select 1 from tasks limit 1`)
      hold()
      await over
    })
    await held
    await t.rejects(migrate(db, { folder, lockWaitMs: 2000 }), MigrationLockTimeout)
    const before = seen.served
    const migration = migrate(db, { folder })
    await more('served', 100)
    t.ok(seen.served >= before + 100, 'requests are served while it waits')
    end()
    await holder
    t.equal((await migration).applied, 1)
    await more('served', 40)
    await settle()
    t.equal(seen.unavailable, 0, 'no request got a 503')
  }
)

t.test(
  'the previous release serves during and after the next migration, and can be started again',
  { skip },
  async (t) => {
    const { db, url } = await createMigrated(t, 'rolling')
    const cwd = t.testdir()
    const env = { ...SAMPLE_ENV, DATABASE_URL: url }
    const old = await startServer(t, env, cwd)
    const home = await populate(old)
    const expected = await home.snapshot(old)
    t.equal((await migrate(db, { folder: withMigration(t, ADDS) })).applied, 1)
    t.strictSame(
      await home.snapshot(old),
      expected,
      'the running server returns the same, with the statements that it had prepared'
    )
    t.equal((await call(`${old.url}/health/ready`)).status, 200)
    const again = await startServer(t, env, cwd)
    t.strictSame(await home.snapshot(again), expected)
    t.ok(await home.stillWorks(again))
    t.equal((await old.stop('SIGTERM')).code, 0)
    t.match(await again.stop('SIGTERM'), {
      code: 0,
      stdout: /newer version, which has only added to it/
    })
    t.match(await runCommand(t, ['migrate'], { env, cwd }), {
      code: 0,
      stdout: 'The database is up to date. A newer version has added to it.\n'
    })
  }
)

t.test(
  'the previous release does not start on a schema without what it needs',
  { skip },
  async (t) => {
    const { db, url } = await createMigrated(t, 'contracted')
    await migrate(db, {
      folder: withMigration(t, '-- contract\nalter table users drop column name;')
    })
    await t.rejects(migrate(db), SchemaAheadError)
    t.match(await runCommand(t, ['serve'], { env: { DATABASE_URL: url }, cwd: t.testdir() }), {
      code: 1,
      stdout: '',
      stderr: /^The database was migrated by a newer version/
    })
  }
)

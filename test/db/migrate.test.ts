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
/** Adds to a table that everybody uses, and one of its own. */
const ADDS =
  '-- expand\nalter table tasks add column colour text;\n--> statement-breakpoint\ncreate table colours (name text primary key);'
/** The same, and then goes on for as long as somebody holds the gate. */
const SLOW = `${ADDS}\n--> statement-breakpoint\ndo $$ begin while exists (select from gate) loop perform pg_sleep(0.02); end loop; end $$;`
const skip = withoutPostgres
const server = skip ? (undefined as never) : await startPostgres(t)

/** A database of its own on the server, migrated to this version, and a way to wait for what is asked of it. */
async function released(t: Test, name: string): Promise<{ db: Db; url: string }> {
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
      sql`select count(*)::int as n from information_schema.columns where table_schema = 'public' and (column_name = 'colour' or table_name = 'colours')`
    )
  )[0]?.n
const atTheGate = async (db: Db) =>
  (
    await executeRows(
      db,
      sql`select pid from pg_stat_activity where datname = current_database() and query like '%while exists (select from gate)%' and state = 'active' and pid <> pg_backend_pid()`
    )
  ).length

t.test(
  'a migration that is killed in the middle has done nothing, and is done by whoever comes next',
  { skip },
  async (t) => {
    const { db, url } = await released(t, 'killed')
    const folder = withMigration(t, SLOW)
    await db.execute(sql`create table gate ()`)
    await db.execute(sql`insert into gate default values`)
    const child = spawn(process.execPath, [MIGRATING, url, folder], { stdio: 'ignore' })
    await waitUntil('the migration under way', async () => (await atTheGate(db)) === 1)
    child.kill('SIGKILL')
    await once(child, 'exit')
    await db.execute(sql`delete from gate`)
    t.equal((await migrate(db, { folder })).applied, 1)
    t.equal(await colours(db), 2)
    t.equal((await migrate(db, { folder })).applied, 0)
  }
)

t.test(
  'of several that migrate at once one does, and the others wait for it',
  { skip },
  async (t) => {
    const { db, url } = await released(t, 'together')
    const folder = withMigration(t, SLOW)
    await db.execute(sql`create table gate ()`)
    await db.execute(sql`insert into gate default values`)
    const runners = Array.from({ length: 4 }, async () => {
      const own = await openDatabase({ url, dataDir: '', pool: 1, withoutTimeouts: true })
      return migrate(own.db, { folder }).finally(own.close)
    })
    await waitUntil('the migration under way', async () => (await atTheGate(db)) === 1)
    await db.execute(sql`delete from gate`)
    t.strictSame((await Promise.all(runners)).map(({ applied }) => applied).sort(), [0, 0, 0, 1])
    t.equal(await colours(db), 2)
  }
)

t.test(
  'a table that is held is waited for without holding up its users, and at last it is said who is in the way',
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
    const patient = migrate(db, { folder })
    await more('served', 100)
    t.ok(seen.served >= before + 100, 'people go on while it waits')
    end()
    await holder
    t.equal((await patient).applied, 1)
    await more('served', 40)
    await settle()
    t.equal(seen.unavailable, 0, 'nobody was sent away')
  }
)

t.test(
  'the release before serves on while the next one migrates, can be started beside it, and be gone back to',
  { skip },
  async (t) => {
    const { db, url } = await released(t, 'rolling')
    const cwd = t.testdir()
    const env = { ...SAMPLE_ENV, DATABASE_URL: url }
    const old = await startServer(t, env, cwd)
    const home = await populate(old)
    const told = await home.snapshot(old)
    t.equal((await migrate(db, { folder: withMigration(t, ADDS) })).applied, 1)
    t.strictSame(
      await home.snapshot(old),
      told,
      'what was running says the same, with the statements that it had prepared'
    )
    t.equal((await call(`${old.url}/health/ready`)).status, 200)
    const again = await startServer(t, env, cwd)
    t.strictSame(await home.snapshot(again), told)
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
  'the release before is not started on what the next one has taken away',
  { skip },
  async (t) => {
    const { db, url } = await released(t, 'contracted')
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

import { sql } from 'drizzle-orm'
import t from 'tap'
import { type Db, openDatabase } from '../../src/db/client.ts'
import { migrate } from '../../src/db/migrate.ts'
import { executeRows } from '../../src/db/rows.ts'
import { startServer } from '../support/command.ts'
import { createOutageApp, traffic, untilServed } from '../support/outage.ts'
import {
  carriesPrepared,
  pgbouncerVersion,
  startPgbouncer,
  withoutPgbouncer
} from '../support/pgbouncer.ts'
import { startPostgres, withoutPostgres } from '../support/postgres-server.ts'
import { populate, SAMPLE_ENV } from '../support/sample-data.ts'
import { createTestApp } from '../support/test-app.ts'

const skip = withoutPostgres || withoutPgbouncer
const server = skip ? (undefined as never) : await startPostgres(t)
/** Creates an app that reaches the database only through a pooler. */
const createAppBehindPooler = async (
  ...[t, more]: [Parameters<typeof createOutageApp>[0], Record<string, string>?]
) => {
  const pooler = await startPgbouncer(t, server.url, more)
  return { pooler, ...(await createOutageApp(t, { ...server, url: pooler.url })) }
}
/** What PgBouncer itself sets on a server connection for its next client. */
const CARRIED = [
  'application_name',
  'client_encoding',
  'DateStyle',
  'IntervalStyle',
  'TimeZone',
  'standard_conforming_strings',
  'search_path'
]

t.test(
  'everything works over one connection that all processes share, and no session state remains on it',
  { skip },
  async (t) => {
    t.comment(`PgBouncer ${pgbouncerVersion}`)
    const pooler = await startPgbouncer(t, server.url, {
      default_pool_size: '1',
      query_wait_timeout: '60'
    })
    const cwd = t.testdir()
    // Migrations run through the pooler as well.
    const one = await startServer(t, { ...SAMPLE_ENV, DATABASE_URL: pooler.url }, cwd)
    const two = await startServer(t, { ...SAMPLE_ENV, DATABASE_URL: pooler.url }, cwd)
    const home = await populate(one)
    t.strictSame(await home.snapshot(one), await home.snapshot(two))
    t.ok(await home.stillWorks(two))

    const { db, close } = await openDatabase({ url: pooler.url, dataDir: '', pool: 1 })
    t.equal(
      (await server.admin((sql) => sql`select from pg_stat_activity where usename = 'app'`)).length,
      1,
      'there is one connection'
    )
    t.strictSame(
      (
        await executeRows<{ name: string }>(
          db,
          sql`select name from pg_settings where source = 'session'`
        )
      )
        .map(({ name }) => name)
        .filter((name) => !CARRIED.includes(name)),
      [],
      'no setting of a session'
    )
    for (const [what, count] of Object.entries({
      'no channel is listened to': sql`select count(*)::int as n from pg_listening_channels()`,
      'no lock outlives its transaction': sql`
        SELECT count(*)::int AS n
        FROM pg_locks
        WHERE locktype = 'advisory'`,
      'no cursor outlives its transaction': sql`select count(*)::int as n from pg_cursors where is_holdable`,
      'there is no temporary table': sql`select (pg_my_temp_schema() <> 0)::int as n`,
      'only the pooler prepares statements': sql`
        SELECT count(*)::int AS n
        FROM pg_prepared_statements
        WHERE name NOT LIKE 'PGBOUNCER\\_%' AND statement NOT LIKE '%names of this statement%'`
    })) {
      t.equal((await executeRows<{ n: number }>(db, count))[0]?.n, 0, what)
    }
    await close()
    for (const { stop } of [one, two]) {
      t.equal((await stop('SIGTERM')).code, 0)
    }
  }
)

t.test('many callers share few connections to the server', { skip }, async (t) => {
  const { ann } = await createAppBehindPooler(t, { default_pool_size: '2' })
  const { more, settle, seen } = traffic(t, ann)
  await more('served', 400)
  await settle()
  t.equal(seen.unavailable, 0)
})

for (const how of ['fast', 'immediate'] as const) {
  t.test(
    `a server that is stopped (${how}) behind a pooler costs a 503 and is used again`,
    { skip },
    async (t) => {
      const { ann } = await createAppBehindPooler(t)
      const { more, settle } = traffic(t, ann)
      await more('served', 40)
      await server.stop(how)
      await more('unavailable', 60)
      await server.start()
      await untilServed(t, ann)
      await settle()
    }
  )
}

t.test(
  'database sessions terminated behind a pooler cost a 503 each and nothing else',
  { skip },
  async (t) => {
    const { ann } = await createAppBehindPooler(t)
    const { seen, more, settle } = traffic(t, ann)
    for (let round = 0; round < 10; round++) {
      await more('served', 20)
      await server.terminateBackends()
    }
    await more('served', 20)
    await settle()
    t.ok(seen.unavailable > 0, 'some calls got a 503')
  }
)

t.test('a pooler that is killed and started is used again', { skip }, async (t) => {
  const { ann, pooler } = await createAppBehindPooler(t)
  const { more, settle } = traffic(t, ann)
  await more('served', 40)
  await pooler.kill()
  await more('unavailable', 40)
  await pooler.start()
  await untilServed(t, ann)
  await settle()
})

t.test(
  'a request that finds no free connection at the pooler gets a 503 in time',
  { skip },
  async (t) => {
    const { ann, db } = await createAppBehindPooler(t, {
      default_pool_size: '1',
      query_wait_timeout: '1'
    })
    const { more, settle } = traffic(t, ann)
    await more('served', 40)
    await db.transaction((tx) => tx.execute(sql`select pg_sleep(2.5)`))
    await more('served', 5)
    await settle()
  }
)

t.test(
  'statements with and without parameters that share a connection each get their own response',
  { skip },
  async (t) => {
    const pooler = await startPgbouncer(t, server.url)
    const { db, close } = await openDatabase({ url: pooler.url, dataDir: '', pool: 1 })
    t.teardown(close)
    await db.execute(sql`select 1`)
    const both = await Promise.all([
      executeRows(db, sql`select 'first' as response from pg_sleep(0.2)`),
      executeRows(db, sql`select ${'second'}::text as response`)
    ])
    t.strictSame(both.flat(), [{ response: 'first' }, { response: 'second' }])
  }
)

/** Lists what is prepared on the one connection that `db` has to the server. */
const prepared = (db: Db) =>
  executeRows<{ name: string }>(
    db,
    sql`select name from pg_prepared_statements where statement not like '%names of this statement%'`
  )

t.test(
  'statements are prepared on a direct connection or through a pooler that supports it, and nowhere else',
  { skip },
  async (t) => {
    const request = async (...[t, url]: [Parameters<typeof createOutageApp>[0], string]) => {
      const database = await openDatabase({ url, dataDir: '', pool: 1 })
      await migrate(database.db)
      const home = await createTestApp(t, { database: { ...database, url } })
      await (await home.signUp('user', `bob-${url.length}-${Date.now()}`)).get('/api/v1/tasks')
      return prepared(home.db)
    }
    t.ok((await request(t, server.url)).length > 0, 'directly')
    const carrying = await startPgbouncer(t, server.url, { default_pool_size: '1' })
    const names = (await request(t, carrying.url)).map(({ name }) => name)
    t.strictSame(
      names.filter((name) => !name.startsWith('PGBOUNCER_')),
      [],
      'none under an application name'
    )
    t.equal(names.length > 0, carriesPrepared, 'through a pooler that supports it')
    if (!carriesPrepared) {
      return
    }
    const other = await startPgbouncer(t, server.url, {
      default_pool_size: '1',
      max_prepared_statements: '0'
    })
    t.equal((await request(t, other.url)).length, 0, 'not where it is turned off')
  }
)

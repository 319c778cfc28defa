import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { createStandbys } from '../chaos/failover.ts'
import { call, runCommand, type Server, startServer } from '../support/command.ts'
import {
  binaries,
  type PostgresServer,
  startPostgres,
  withoutPostgres
} from '../support/postgres-server.ts'
import { PASSWORD, SECRET } from '../support/test-app.ts'
import { waitUntil } from '../support/wait-until.ts'

const skip = withoutPostgres
const ENV = { JWT_SECRET: SECRET, DRAIN_SECONDS: '0' }

const api = (server: Pick<Server, 'url'>, path: string) => `${server.url}/api/v1${path}`

async function signUp(server: Server): Promise<string> {
  const made = await call(api(server, '/auth/register'), {
    method: 'POST',
    body: { username: 'ann', password: PASSWORD }
  })
  return made.body.access_token
}

const create = (server: Server, token: string, title: string) =>
  call(api(server, '/tasks'), { method: 'POST', token, body: { title } })

/** Returns the titles of the tasks behind a cursor, and where to go on. */
async function follow(server: Server, token: string, cursor: string) {
  const { body } = await call(api(server, `/changes?cursor=${cursor}&limit=500`), { token })
  return {
    titles: (body.data as { data: { title: string } | null }[]).map(({ data }) => data?.title),
    cursor: body.pagination.next_cursor as string
  }
}
const present = async (server: Server, token: string): Promise<string> =>
  (await call(api(server, '/changes'), { token })).body.pagination.next_cursor

/** Makes a server count on, as one does that has been in use for long. */
const useUp = ({ admin }: PostgresServer, transactions: number) =>
  admin((sql) =>
    sql.unsafe(`
      DO $$ BEGIN
        FOR i IN 1..${transactions} LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP;
      END $$`)
  )

/** Restores a dump of one server on another, which must be empty. */
async function copyDump(from: PostgresServer, to: PostgresServer): Promise<void> {
  const program = (name: string) => join(binaries as string, name)
  await promisify(execFile)('sh', [
    ...['-c', '"$0" -d "$1" | "$2" -q -v ON_ERROR_STOP=1 -d "$3"'],
    ...[program('pg_dump'), from.url, program('psql'), to.url]
  ])
}

/** Checks that somebody who followed before goes on behind what they have seen, and sees what is new, once. */
async function goesOn(
  t: Test,
  server: Server,
  { token, start, seen }: { token: string; start: string; seen: string }
): Promise<void> {
  t.strictSame((await follow(server, token, start)).titles, ['one', 'two'])
  const now = await present(server, token)
  await create(server, token, 'three')
  for (const cursor of [seen, now]) {
    const next = await follow(server, token, cursor)
    t.strictSame(next.titles, ['three'])
    t.strictSame((await follow(server, token, next.cursor)).titles, [])
  }
}

/** Makes two changes, and returns the cursors before and behind them. */
async function begin(server: Server) {
  const token = await signUp(server)
  const start = await present(server, token)
  await create(server, token, 'one')
  await create(server, token, 'two')
  const { titles, cursor: seen } = await follow(server, token, start)
  return { token, start, seen, titles }
}

t.test('cursors go on after a dump is restored on a younger server', { skip }, async (t) => {
  const [old, young] = await Promise.all([startPostgres(t), startPostgres(t)])
  await useUp(old, 5000)
  const cwd = t.testdir()
  const first = await startServer(t, { ...ENV, DATABASE_URL: old.url }, cwd)
  const state = await begin(first)
  t.strictSame(state.titles, ['one', 'two'])
  // Cursors of later are ahead of everything in the dump.
  await useUp(old, 1000)
  const later = await present(first, state.token)
  await first.stop('SIGTERM')
  await copyDump(old, young)
  const second = await startServer(t, { ...ENV, DATABASE_URL: young.url }, cwd)
  await goesOn(t, second, { ...state, seen: later })
  await second.stop('SIGTERM')
  const third = await startServer(t, { ...ENV, DATABASE_URL: young.url }, cwd)
  t.strictSame((await follow(third, state.token, state.seen)).titles, ['three'], 'and a restart')
})

t.test('cursors go on after a transfer from the embedded database', { skip }, async (t) => {
  const cwd = t.testdir()
  const DATA_DIR = join(cwd, 'data')
  const first = await startServer(t, { ...ENV, DATA_DIR }, cwd)
  const state = await begin(first)
  await first.stop('SIGTERM')
  const restarted = await startServer(t, { ...ENV, DATA_DIR }, cwd)
  t.strictSame((await follow(restarted, state.token, state.start)).titles, ['one', 'two'])
  await restarted.stop('SIGTERM')
  const postgres = await startPostgres(t)
  const env = { ...ENV, DATA_DIR, DATABASE_URL: postgres.url }
  // It was started before, so that it has a clock of its own.
  await (await startServer(t, env, cwd)).stop('SIGTERM')
  t.match(await runCommand(t, ['transfer'], { env, cwd }), { code: 0, stderr: '' })
  await goesOn(t, await startServer(t, env, cwd), state)
})

t.test('cursors go on after a failover to a standby', { skip }, async (t) => {
  const primary = await startPostgres(t)
  const standbys = createStandbys(t, primary)
  const cwd = t.testdir()
  const first = await startServer(t, { ...ENV, DATABASE_URL: primary.url }, cwd)
  const state = await begin(first)
  await standbys.add()
  await useUp(primary, 100)
  await first.stop('SIGTERM')
  await primary.stop('immediate')
  await standbys.promote({ early: false })
  const standby = standbys.primary()
  await waitUntil('the promotion', () =>
    standby.admin(async (sql) => (await sql`SELECT pg_is_in_recovery() AS is`)[0]?.is === false)
  )
  await standby.admin((sql) => sql.unsafe("ALTER SYSTEM SET synchronous_standby_names = ''"))
  await standby.admin((sql) => sql`SELECT pg_reload_conf()`)
  await goesOn(t, await startServer(t, { ...ENV, DATABASE_URL: standby.url }, cwd), state)
})

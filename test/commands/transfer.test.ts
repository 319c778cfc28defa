import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import t, { type Test } from 'tap'
import { openDatabase } from '../../src/db/client.ts'
import { runCommand, startServer } from '../support/command.ts'
import { startPostgres, withoutPostgres } from '../support/postgres-server.ts'
import { populate, SAMPLE_ENV, type SampleData } from '../support/sample-data.ts'
import { PASSWORD } from '../support/test-app.ts'

const cwd = t.testdir()
const DATA_DIR = join(cwd, 'data')
const checksums = async (t: Test, env: Record<string, string>) =>
  (await runCommand(t, ['checksum'], { env, cwd })).stdout
let home: SampleData
let told: Awaited<ReturnType<SampleData['snapshot']>>
let held: string

t.before(async () => {
  const server = await startServer(t, { ...SAMPLE_ENV, DATA_DIR }, cwd)
  home = await populate(server)
  told = await home.snapshot(server)
  await server.stop('SIGTERM')
})

t.test('a copy of the data directory, made while nobody serves from it, is a backup', async (t) => {
  const copy = join(t.testdir(), 'copy')
  cpSync(DATA_DIR, copy, { recursive: true })
  held = await checksums(t, { DATA_DIR })
  t.match(held, /^tasks +6 {2}\d+$/m)
  t.equal(await checksums(t, { DATA_DIR: copy }), held)
  const server = await startServer(t, { ...SAMPLE_ENV, DATA_DIR: copy }, cwd)
  t.strictSame(await home.snapshot(server), told)
  t.ok(await home.goesOn(server))
  await server.stop('SIGTERM')
  const [before, after] = [held, await checksums(t, { DATA_DIR: copy })].map((text) =>
    text.split('\n')
  ) as [string[], string[]]
  // When a key was last used is written now and then.
  t.strictSame(
    before
      .filter((line, i) => line !== after[i])
      .map((line) => line.split(' ')[0])
      .filter((table) => table !== 'api_keys'),
    ['audit_events', 'sessions', 'refresh_tokens', 'task_events', 'tasks'],
    'a checksum sees what has changed, and nothing else'
  )
})

t.test(
  'everything moves from the embedded database to PostgreSQL: accounts, sessions, keys, tasks with their history, imports, audit log',
  { skip: withoutPostgres },
  async (t) => {
    const postgres = await startPostgres(t)
    const moved = { DATA_DIR, DATABASE_URL: postgres.url }
    const { code, stdout, stderr } = await runCommand(t, ['transfer'], { env: moved, cwd })
    t.match({ code, stderr }, { code: 0, stderr: '' })
    t.match(stdout, /^tasks +6 {2}\d+$.*row for row/ms)
    t.equal(await checksums(t, moved), held, 'the copy holds the same')
    t.equal(await checksums(t, { DATA_DIR }), held, 'and so does what it was copied from')
    const server = await startServer(t, { ...SAMPLE_ENV, ...moved }, cwd)
    t.strictSame(await home.snapshot(server), told)
    t.ok(await home.goesOn(server))
    await server.stop('SIGTERM')

    const lived = await checksums(t, moved)
    t.match(await runCommand(t, ['transfer'], { env: moved, cwd }), {
      code: 1,
      stdout: '',
      stderr:
        /^The table \w+ already has \d+ rows?\. A transfer goes into an empty database only; nothing was copied\.\n$/
    })
    t.equal(await checksums(t, moved), lived, 'what people did since is not touched')
  }
)

t.test(
  'a transfer that fails leaves an empty database behind, and may be repeated',
  { skip: withoutPostgres },
  async (t) => {
    const postgres = await startPostgres(t)
    const env = { DATA_DIR, DATABASE_URL: postgres.url }
    await runCommand(t, ['migrate'], { env, cwd })
    // The last table to be copied refuses its rows.
    const { db, close } = await openDatabase({ url: postgres.url, dataDir: '', pool: 1 })
    await db.execute(sql`alter table task_import_errors add constraint never check ("row" < 0)`)
    t.match(await runCommand(t, ['transfer'], { env, cwd }), { code: 1, stderr: /never/ })
    t.notMatch(await checksums(t, env), / [1-9]\d* {2}\d/, 'nothing is there')
    await db.execute(sql`alter table task_import_errors drop constraint never`)
    await close()
    t.match(await runCommand(t, ['transfer'], { env, cwd }), { code: 0 })
    t.equal(await checksums(t, env), held)
  }
)

t.test('a transfer says what it lacks', async (t) => {
  t.match(await runCommand(t, ['transfer'], { env: { DATA_DIR }, cwd }), {
    code: 1,
    stderr: /^Say in DATABASE_URL/
  })
  const env = { DATA_DIR: join(cwd, 'nowhere'), DATABASE_URL: 'postgres://127.0.0.1:1/tasklane' }
  t.match(await runCommand(t, ['transfer'], { env, cwd }), {
    code: 1,
    stderr: /^There is no embedded database in /
  })
  t.match(await runCommand(t, ['checksum'], { env: { DATA_DIR: env.DATA_DIR }, cwd }), {
    code: 1,
    stderr: /^There is no embedded database in /
  })
  t.match(
    await runCommand(t, ['create-admin', '--username', 'root'], {
      env: { DATA_DIR },
      cwd,
      input: PASSWORD
    }),
    { code: 0 }
  )
})

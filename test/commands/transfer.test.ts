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
let data: SampleData
let before: Awaited<ReturnType<SampleData['snapshot']>>
let expected: string

t.before(async () => {
  const server = await startServer(t, { ...SAMPLE_ENV, DATA_DIR }, cwd)
  data = await populate(server)
  before = await data.snapshot(server)
  await server.stop('SIGTERM')
})

t.test('a copy of the data directory, while no server uses it, is a backup', async (t) => {
  const copy = join(t.testdir(), 'copy')
  cpSync(DATA_DIR, copy, { recursive: true })
  expected = await checksums(t, { DATA_DIR })
  t.match(expected, /^tasks +6 {2}\d+$/m)
  t.equal(await checksums(t, { DATA_DIR: copy }), expected)
  const server = await startServer(t, { ...SAMPLE_ENV, DATA_DIR: copy }, cwd)
  t.strictSame(await data.snapshot(server), before)
  t.ok(await data.stillWorks(server))
  await server.stop('SIGTERM')
  const [original, copied] = [expected, await checksums(t, { DATA_DIR: copy })].map((text) =>
    text.split('\n')
  ) as [string[], string[]]
  // The last use of an API key is written from time to time.
  t.strictSame(
    original
      .filter((line, i) => line !== copied[i])
      .map((line) => line.split(' ')[0])
      .filter((table) => table !== 'api_keys'),
    ['audit_events', 'login_throttle', 'sessions', 'refresh_tokens', 'task_events', 'tasks'],
    'only the checksums of changed tables differ'
  )
})

t.test(
  'transfer copies everything from the embedded database to PostgreSQL',
  { skip: withoutPostgres },
  async (t) => {
    const postgres = await startPostgres(t)
    const target = { DATA_DIR, DATABASE_URL: postgres.url }
    const { code, stdout, stderr } = await runCommand(t, ['transfer'], { env: target, cwd })
    t.match({ code, stderr }, { code: 0, stderr: '' })
    t.match(stdout, /^tasks +6 {2}\d+$.*row for row/ms)
    t.equal(await checksums(t, target), expected, 'the copy has the same rows')
    t.equal(await checksums(t, { DATA_DIR }), expected, 'the source is unchanged')
    const server = await startServer(t, { ...SAMPLE_ENV, ...target }, cwd)
    t.strictSame(await data.snapshot(server), before)
    t.ok(await data.stillWorks(server))
    await server.stop('SIGTERM')

    const changed = await checksums(t, target)
    t.match(await runCommand(t, ['transfer'], { env: target, cwd }), {
      code: 1,
      stdout: '',
      stderr:
        /^The table \w+ already has \d+ rows?\. A transfer needs an empty database\. Nothing was copied\.\n$/
    })
    t.equal(await checksums(t, target), changed, 'later changes are kept')
  }
)

t.test(
  'a transfer that fails leaves the database empty and can be repeated',
  { skip: withoutPostgres },
  async (t) => {
    const postgres = await startPostgres(t)
    const env = { DATA_DIR, DATABASE_URL: postgres.url }
    await runCommand(t, ['migrate'], { env, cwd })
    // The last table to be copied rejects its rows.
    const { db, close } = await openDatabase({ url: postgres.url, dataDir: '', pool: 1 })
    await db.execute(sql`alter table task_import_errors add constraint never check ("row" < 0)`)
    t.match(await runCommand(t, ['transfer'], { env, cwd }), { code: 1, stderr: /never/ })
    // The clock says what the server counts, and is there from the first start.
    const rows = (await checksums(t, env)).replace(/^change_clock.*$/m, '')
    t.notMatch(rows, / [1-9]\d* {2}\d/, 'every table is empty')
    await db.execute(sql`alter table task_import_errors drop constraint never`)
    await close()
    t.match(await runCommand(t, ['transfer'], { env, cwd }), { code: 0 })
    t.equal(await checksums(t, env), expected)
  }
)

t.test('a transfer names the setting that is missing', async (t) => {
  t.match(await runCommand(t, ['transfer'], { env: { DATA_DIR }, cwd }), {
    code: 1,
    stderr: /^Set DATABASE_URL/
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

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { sql } from 'drizzle-orm'
import t from 'tap'
import { watchBackgroundWork } from '../../../src/background.ts'
import { createMetrics } from '../../../src/core/metrics.ts'
import { taskImports } from '../../../src/db/tables/task-imports.ts'
import { call, startServer } from '../../support/command.ts'
import { createTestDatabase, serverUrl } from '../../support/database.ts'
import { upload } from '../../support/imports.ts'
import { freePort } from '../../support/postgres-server.ts'
import { createTestApp } from '../../support/test-app.ts'

const TOKEN = 'a-token-for-prometheus'
const read = (file: string) =>
  readFileSync(new URL(`../../../src/features/ops/${file}`, import.meta.url), 'utf8')
/** The value of a series, 0 while there is none. */
const numberOf = (text: string, series: string): number =>
  Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${series} `))
      ?.split(' ')[1] ?? 0
  )

t.test(
  'answers are counted by operation, status and code, for whoever has the token',
  async (t) => {
    const { signUp, request } = await createTestApp(t, {
      env: { METRICS_TOKEN: TOKEN },
      deps: { metrics: createMetrics() }
    })
    const ann = await signUp()
    await ann.create({ title: 'Paint the door' })
    await ann.get('/api/v1/tasks?limit=0')
    await request({ url: '/api/v1/nothing' })
    await request({
      method: 'POST',
      url: '/api/v1/auth/login',
      payload: { username: ann.user.username, password: 'not that one' }
    })
    for (const authorization of [undefined, 'Bearer something-else-entirely', TOKEN]) {
      t.equal(
        (
          await request({
            url: '/metrics',
            headers: authorization === undefined ? {} : { authorization }
          })
        ).statusCode,
        401
      )
    }
    const answer = await request({ url: '/metrics', headers: { authorization: `Bearer ${TOKEN}` } })
    t.match(answer.headers['content-type'], /^text\/plain/)
    t.equal(numberOf(answer.body, 'http_requests_total{operation="createTask",status="201"}'), 1)
    t.equal(numberOf(answer.body, 'http_requests_total{operation="listTasks",status="400"}'), 1)
    t.equal(numberOf(answer.body, 'http_request_duration_seconds_count{operation="createTask"}'), 1)
    t.equal(numberOf(answer.body, 'tasklane_problems_total{code="not_found"}'), 1)
    t.equal(numberOf(answer.body, 'tasklane_problems_total{code="bad_credentials"}'), 1)
    t.match(answer.body, /nodejs_eventloop_lag_p99_seconds \d/)
    t.notMatch(answer.body, ann.user.username, 'nothing that a caller wrote')
  }
)

t.test(
  'the dashboard asks for nothing that is not told, and neither do the alarms, each of which the runbook explains',
  async (t) => {
    const metrics = createMetrics()
    const { app } = await createTestApp(t, { deps: { metrics } })
    await app.ready()
    const idle = () => ({ running: 0, waiting: 0, waited: 0, waitedSeconds: 0, rejected: 0 })
    for (const gate of ['database_statements', 'database_transactions', 'password_hashes']) {
      metrics.watchQueue(gate, idle)
    }
    watchBackgroundWork(metrics, app as never)
    const told = await metrics.registry.metrics()
    for (const file of ['grafana-dashboard.json', 'alerts.yaml']) {
      const asked = new Set(read(file).match(/\b(tasklane|nodejs|process)_[a-z0-9_]+/g))
      t.ok(asked.size > 10)
      for (const name of asked) {
        t.match(told, new RegExp(`^# TYPE ${name.replace(/_bucket$/, '')} `, 'm'), file)
      }
    }
    const runbook = readFileSync(new URL('../../../SCALABILITY.md', import.meta.url), 'utf8')
    const alarms = [...read('alerts.yaml').matchAll(/- alert: (\w+)/g)].map(([, name]) => name)
    t.ok(alarms.length > 5)
    t.strictSame(
      alarms.filter((name) => !runbook.includes(`| \`${name}\` |`)),
      []
    )
  }
)

t.test('what cannot be known at this moment is not told, least of all as a nought', async (t) => {
  const metrics = createMetrics()
  let isAway = false
  metrics.watchShared('imports_unfinished', 'Imports.', async () => {
    if (isAway) {
      throw new Error('the database is away')
    }
    return 7
  })
  t.match(await metrics.registry.metrics(), /^tasklane_imports_unfinished 7$/m)
  isAway = true
  t.notMatch(await metrics.registry.metrics(), /^tasklane_imports_unfinished /m)
})

t.test('an import that nobody works on grows old for whoever watches', async (t) => {
  const metrics = createMetrics()
  const { db, signUp } = await createTestApp(t)
  watchBackgroundWork(metrics, db)
  const age = async () =>
    numberOf(await metrics.registry.metrics(), 'tasklane_import_oldest_wait_seconds')
  t.equal(await age(), 0)
  await upload(await signUp(), 'title\nPaint the door\n')
  await db.update(taskImports).set({ created_at: sql`now() - interval '10 minutes'` })
  t.ok((await age()) >= 600)
  await db.update(taskImports).set({ last_run_at: sql`now()` })
  t.ok((await age()) < 300, 'a turn makes it young')
})

const promtool = process.env.PROMTOOL ?? 'promtool'
const withoutPromtool =
  spawnSync(promtool, ['--version']).status !== 0 &&
  'promtool (of Prometheus) is not installed on this machine; PROMTOOL may name it'
t.test(
  'the alarms are rules that Prometheus takes, and ring when they should',
  { skip: withoutPromtool },
  async (t) => {
    const { status, stdout, stderr } = spawnSync(
      promtool,
      ['test', 'rules', fileURLToPath(new URL('alerts.test.yaml', import.meta.url))],
      { encoding: 'utf8' }
    )
    t.equal(status, 0, stdout + stderr)
  }
)

t.test('without a token in the configuration there is no such path', async (t) => {
  const { request } = await createTestApp(t)
  t.equal((await request({ url: '/metrics' })).statusCode, 404)
})

const skip =
  serverUrl === undefined
    ? 'the embedded database belongs to one process; this needs TEST_DATABASE_URL'
    : false
t.test(
  'a port of its own tells the sums over all processes, pool and jobs included',
  { skip },
  async (t) => {
    const database = await createTestDatabase()
    t.teardown(() => database.close())
    const port = await freePort()
    const server = await startServer(
      t,
      { DATABASE_URL: database.url ?? '', WEB_CONCURRENCY: '2', METRICS_PORT: String(port) },
      t.testdir()
    )
    for (let i = 0; i < 20; i++) {
      await call(`${server.url}/health/live`)
    }
    const read = async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    const text = await read()
    // One more was asked when the server said that it is ready; nobody else knows it.
    t.ok(numberOf(text, 'http_requests_total{operation="other",status="200"}') >= 20)
    t.match(text, /tasklane_database_statements_running \d/)
    t.match(text, /tasklane_password_hashes_waiting 0/)
    t.match(text, /tasklane_imports_unfinished 0/)
    t.equal((await fetch(`http://127.0.0.1:${port}/elsewhere`)).status, 404)
    t.equal((await server.stop('SIGTERM')).code, 0)
  }
)

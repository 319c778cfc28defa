import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { sql } from 'drizzle-orm'
import t from 'tap'
import { watchBackgroundWork } from '../../../src/background.ts'
import { createMetrics } from '../../../src/core/metrics.ts'
import { taskImports } from '../../../src/db/tables/task-imports.ts'
import { call, startServer } from '../../support/command.ts'
import { createTestDatabase, serverUrl, skipWithoutServer } from '../../support/database.ts'
import { upload } from '../../support/imports.ts'
import { freePort } from '../../support/postgres-server.ts'
import { createTestApp } from '../../support/test-app.ts'

const TOKEN = 'a-token-for-prometheus'
const read = (file: string) =>
  readFileSync(new URL(`../../../src/features/ops/${file}`, import.meta.url), 'utf8')
/** Returns the value of a series, 0 if it does not exist. */
const numberOf = (text: string, series: string): number =>
  Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${series} `))
      ?.split(' ')[1] ?? 0
  )

t.test(
  'metrics count responses by operation, status and code, and require the token',
  async (t) => {
    const { signUp, request } = await createTestApp(t, {
      env: { METRICS_TOKEN: TOKEN },
      deps: { metrics: createMetrics() }
    })
    const ann = await signUp()
    await ann.create({ title: 'Paint the door' })
    await ann.get('/api/v1/tasks?limit=0')
    await request({ url: '/api/v1/nothing' })
    await ann.send({ method: 'DELETE', url: '/api/v1/me/api-keys/tl_hidden' })
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
    const response = await request({
      url: '/metrics',
      headers: { authorization: `Bearer ${TOKEN}` }
    })
    t.match(response.headers['content-type'], /^text\/plain/)
    t.equal(numberOf(response.body, 'http_requests_total{operation="createTask",status="201"}'), 1)
    t.equal(numberOf(response.body, 'http_requests_total{operation="listTasks",status="400"}'), 1)
    t.equal(
      numberOf(response.body, 'http_request_duration_seconds_count{operation="createTask"}'),
      1
    )
    t.equal(numberOf(response.body, 'tasklane_problems_total{code="not_found"}'), 2)
    t.equal(numberOf(response.body, 'tasklane_problems_total{code="bad_credentials"}'), 1)
    t.match(response.body, /nodejs_eventloop_lag_p99_seconds \d/)
    t.notMatch(response.body, ann.user.username, 'nothing that a caller wrote')
    t.notMatch(response.body, 'hidden')
  }
)

t.test(
  'dashboard and alerts query only existing metrics, and the runbook explains each alert',
  async (t) => {
    const metrics = createMetrics()
    const { app } = await createTestApp(t, { deps: { metrics } })
    await app.ready()
    const idle = () => ({ running: 0, waiting: 0, waited: 0, waitedSeconds: 0, rejected: 0 })
    for (const gate of ['database_statements', 'database_transactions', 'password_hashes']) {
      metrics.watchQueue(gate, idle)
    }
    watchBackgroundWork(metrics, app as never)
    const exported = await metrics.registry.metrics()
    for (const file of ['grafana-dashboard.json', 'alerts.yaml']) {
      const queried = new Set(read(file).match(/\b(tasklane|nodejs|process)_[a-z0-9_]+/g))
      t.ok(queried.size > 10)
      for (const name of queried) {
        t.match(exported, new RegExp(`^# TYPE ${name.replace(/_bucket$/, '')} `, 'm'), file)
      }
    }
    const runbook = readFileSync(
      new URL('../../../docs/operations/runbook.md', import.meta.url),
      'utf8'
    )
    const rules = read('alerts.yaml')
    const alerts = [...rules.matchAll(/- alert: (\w+)/g)].map(([, name = '']) => name)
    t.ok(alerts.length > 5)
    for (const name of alerts) {
      t.ok(rules.includes(`runbook.md#${name.toLowerCase()}\n`), `${name} refers to its runbook`)
    }
    t.strictSame(
      alerts.filter((name) => !runbook.includes(`\n## ${name}\n`)),
      []
    )
  }
)

t.test('a metric that cannot be read is left out rather than reported as 0', async (t) => {
  const metrics = createMetrics()
  let isDown = false
  metrics.watchShared('imports_unfinished', 'Imports.', async () => {
    if (isDown) {
      throw new Error('the database is down')
    }
    return 7
  })
  t.match(await metrics.registry.metrics(), /^tasklane_imports_unfinished 7$/m)
  isDown = true
  t.notMatch(await metrics.registry.metrics(), /^tasklane_imports_unfinished /m)
})

t.test('the age of the oldest waiting import is reported', async (t) => {
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
  'the alerts are valid Prometheus rules and fire when they should',
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

t.test('without a configured token, /metrics does not exist', async (t) => {
  const { request } = await createTestApp(t)
  t.equal((await request({ url: '/metrics' })).statusCode, 404)
})

t.test(
  'the metrics port has an address of its own and requires the token where one is set',
  async (t) => {
    const database = serverUrl === undefined ? undefined : await createTestDatabase()
    t.teardown(() => database?.close())
    const port = await freePort()
    const server = await startServer(
      t,
      {
        ...(database?.url && { DATABASE_URL: database.url }),
        DRAIN_SECONDS: '0',
        HOST: '127.0.0.1',
        METRICS_HOST: '127.0.0.2',
        METRICS_PORT: String(port),
        METRICS_TOKEN: TOKEN
      },
      t.testdir()
    )
    const read = (path: string, authorization?: string) =>
      fetch(`http://127.0.0.2:${port}${path}`, { headers: authorization ? { authorization } : {} })
    for (const authorization of [
      undefined,
      'Bearer something-else-entirely',
      TOKEN,
      `Basic ${TOKEN}`
    ]) {
      const response = await read('/metrics', authorization)
      t.equal(response.status, 401)
      t.equal(response.headers.get('www-authenticate'), 'Bearer')
      t.equal(await response.text(), '')
    }
    t.match(
      await (await read('/metrics', `Bearer ${TOKEN}`)).text(),
      /^# TYPE http_requests_total /m
    )
    t.equal((await read('/elsewhere', `Bearer ${TOKEN}`)).status, 404)
    await t.rejects(fetch(`http://127.0.0.1:${port}/metrics`), 'on no other address')
    t.equal((await server.stop('SIGTERM')).code, 0)
  }
)

t.test(
  'the metrics port reports sums over all processes, with pool and jobs',
  { skip: skipWithoutServer },
  async (t) => {
    const database = await createTestDatabase()
    t.teardown(() => database.close())
    const port = await freePort()
    const server = await startServer(
      t,
      {
        DATABASE_URL: database.url ?? '',
        WEB_CONCURRENCY: '2',
        METRICS_PORT: String(port),
        METRICS_TOKEN: TOKEN
      },
      t.testdir()
    )
    for (let i = 0; i < 20; i++) {
      await call(`${server.url}/health/live`)
    }
    const headers = { authorization: `Bearer ${TOKEN}` }
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`, { headers })).text()
    // The start of the server may have added a request of its own.
    t.ok(numberOf(text, 'http_requests_total{operation="other",status="200"}') >= 20)
    t.match(text, /tasklane_database_statements_running \d/)
    t.match(text, /tasklane_password_hashes_waiting 0/)
    t.match(text, /tasklane_imports_unfinished 0/)
    t.equal((await fetch(`http://127.0.0.1:${port}/elsewhere`)).status, 404)
    t.equal(
      (await fetch(`${server.url}/metrics`, { headers })).status,
      404,
      'a single process would report only its own'
    )
    t.equal((await server.stop('SIGTERM')).code, 0)
  }
)

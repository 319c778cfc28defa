import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { call, startServer } from '../support/command.ts'
import { createTestDatabase, serverUrl } from '../support/database.ts'
import { PASSWORD } from '../support/test-app.ts'

interface Told {
  name: string
  traceId: string
  spanId: string
  parentSpanId?: string
  attributes: { key: string; value: { stringValue?: string; intValue?: number } }[]
}

t.test(
  "a collector is told of each request and its statements, as children of the caller's span, without any value",
  async (t) => {
    const told: Told[] = []
    const collector = createServer(async (request, response) => {
      const { resourceSpans } = JSON.parse(await text(request))
      for (const { scopeSpans } of resourceSpans) {
        for (const { spans } of scopeSpans) {
          told.push(...spans)
        }
      }
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    }).listen(0, '127.0.0.1')
    await once(collector, 'listening')
    t.teardown(() => {
      collector.closeAllConnections()
      collector.close()
    })
    const database = serverUrl === undefined ? undefined : await createTestDatabase()
    t.teardown(() => database?.close())

    const env = {
      DATA_DIR: t.testdir(),
      DRAIN_SECONDS: '0',
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`,
      ...(database?.url && { DATABASE_URL: database.url })
    }
    const server = await startServer(t, env, t.testdir())
    const { body } = await call(`${server.url}/api/v1/auth/register`, {
      method: 'POST',
      body: { username: 'ann', password: PASSWORD }
    })
    const traceId = '0af7651916cd43dd8448eb211c80319c'
    await call(`${server.url}/api/v1/tasks`, {
      method: 'POST',
      token: body.access_token,
      body: { title: 'Nobody reads this' },
      headers: { traceparent: `00-${traceId}-b7ad6b7169203331-01` }
    })
    for (const misplaced of ['/api/v1/me/api-keys/tl_hidden', '/tl_hidden', '/%tl_hidden']) {
      const { status } = await call(`${server.url}${misplaced}?key=tl_hidden`, {
        method: 'DELETE',
        token: body.access_token
      })
      t.ok(status === 404 || status === 400, misplaced)
    }
    t.equal((await server.stop('SIGTERM')).code, 0)

    const created = told.find(({ name }) => name === 'createTask')
    t.match(created, { traceId, parentSpanId: 'b7ad6b7169203331' })
    t.ok(
      created?.attributes.some(
        ({ key, value }) => key === 'http.response.status_code' && value.intValue === 201
      )
    )
    const statements = told.filter(
      (span) => span.traceId === traceId && span.parentSpanId === created?.spanId
    )
    if (database) {
      t.ok(
        statements.some(({ name }) => name.startsWith('with')),
        'the statement that made the task',
        { told: told.map(({ name }) => name) }
      )
    }
    t.notMatch(JSON.stringify(told), /Nobody reads this|correct horse|hidden/)
  }
)

t.test('a collector that is away costs nobody an answer', async (t) => {
  const server = await startServer(
    t,
    {
      DATA_DIR: t.testdir(),
      DRAIN_SECONDS: '0',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9'
    },
    t.testdir()
  )
  t.equal((await call(`${server.url}/health/ready`)).status, 200)
  t.equal((await server.stop('SIGTERM')).code, 0)
})

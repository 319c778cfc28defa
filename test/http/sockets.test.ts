import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { rawHttp, requestText } from '../support/raw-http.ts'
import { createTestApp } from '../support/test-app.ts'

const log: Record<string, unknown>[] = []
const { app, signUp, events } = await createTestApp(t, {
  onLog: (line) => log.push(JSON.parse(line))
})
const ann = await signUp()
await app.listen({ host: '127.0.0.1', port: 0 })
const { port } = app.server.address() as AddressInfo
const authorization = { Authorization: `Bearer ${ann.access_token}` }
const json = { ...authorization, 'Content-Type': 'application/json' }

async function refused(t: Test, status: number, code: string, ...chunks: (string | Buffer)[]) {
  const [answer, ...more] = await rawHttp(port, ...chunks)
  const label = String(chunks[0]).slice(0, 50)
  t.match(
    answer,
    {
      status,
      closed: true,
      headers: {
        'content-type': /^application\/problem\+json/,
        connection: 'close',
        'x-content-type-options': 'nosniff'
      }
    },
    label
  )
  t.match(
    JSON.parse(answer?.body ?? '{}'),
    { status, code, request_id: answer?.headers['x-request-id'] },
    label
  )
  t.equal(more.length, 0)
  return answer
}

t.test(
  'bytes that are not HTTP get a problem in response, then the connection is closed',
  async (t) => {
    const noise: (string | Buffer)[] = [
      'garbage\r\n\r\n',
      Buffer.from([0x16, 3, 1, 0, 0xa5, 1, 0, 0, 0xa1, 3, 3]),
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      'GET / HTTP/9.1\r\n\r\n',
      'FOO / HTTP/1.1\r\nHost: a\r\n\r\n',
      'GET nowhere HTTP/1.1\r\nHost: a\r\n\r\n',
      'GET / HTTP/1.1\nHost: a\n\n',
      'GET / HTTP/1.1\r\nHost : a\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n',
      Buffer.from('GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n', 'latin1')
    ]
    for (const bytes of noise) {
      await refused(t, 400, 'malformed_request', bytes)
    }
  }
)

t.test('HTTP/1.1 accepts exactly one valid Host', async (t) => {
  await refused(t, 400, 'malformed_request', 'GET /health/live HTTP/1.1\r\n\r\n')
  await refused(
    t,
    400,
    'malformed_request',
    'GET /health/live HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n'
  )
  for (const host of ['a"><script>', 'a b', 'a/b', 'user@a', 'a:b', '[::1']) {
    await refused(t, 400, 'malformed_request', requestText('GET /health/live', { Host: host }))
  }
  for (const host of ['', 'localhost', 'tasks.example.com:3000', '127.0.0.1:1', '[::1]:3000']) {
    t.match(
      await rawHttp(port, requestText('GET /health/live', { Host: host })),
      [{ status: 200 }],
      host
    )
  }
  t.match(
    await rawHttp(port, 'GET /health/live HTTP/1.0\r\n\r\n'),
    [{ status: 200 }],
    'HTTP/1.0 knew no Host'
  )
})

t.test('two lengths of one body are rejected, since they allow request smuggling', async (t) => {
  await refused(
    t,
    400,
    'malformed_request',
    requestText('POST /api/v1/tasks', { ...json, 'Content-Length': ['2', '3'] }, '{}')
  )
  await refused(
    t,
    400,
    'malformed_request',
    requestText(
      'POST /api/v1/tasks',
      { ...json, 'Content-Length': '2', 'Transfer-Encoding': 'chunked' },
      '0\r\n\r\n'
    )
  )
  await refused(
    t,
    400,
    'malformed_request',
    requestText(
      'POST /api/v1/tasks',
      { ...json, 'Transfer-Encoding': 'chunked, identity' },
      '0\r\n\r\n'
    )
  )
  await refused(
    t,
    400,
    'malformed_request',
    requestText('POST /api/v1/tasks', { ...json, 'Content-Length': '-1' }, '{}')
  )
})

t.test(
  'a body that is too large is rejected by its declared length or else by what arrives',
  async (t) => {
    await refused(
      t,
      413,
      'body_too_large',
      requestText('POST /api/v1/tasks', { ...json, 'Content-Length': '1048577' }, '{}')
    )
    const chunk = `10000\r\n${'a'.repeat(65_536)}\r\n`
    await refused(
      t,
      413,
      'body_too_large',
      requestText('POST /api/v1/tasks', { ...json, 'Transfer-Encoding': 'chunked' }),
      ...Array(20).fill(chunk)
    )
    await refused(
      t,
      413,
      'body_too_large',
      requestText('POST /api/v1/tasks', { ...json, 'Transfer-Encoding': 'chunked' }),
      `5;${'a'.repeat(20_000)}\r\n{"tit\r\n`
    )
    const answers = await rawHttp(
      port,
      requestText('POST /api/v1/tasks', { ...json, 'Transfer-Encoding': 'chunked' }),
      '5\r\n{"tit\r\n',
      '8\r\nle":"a"}\r\n0\r\n\r\n'
    )
    t.match(answers, [{ status: 201 }], 'a chunked body of the right size is fine')
  }
)

t.test('headers above 16 KiB are a 431, a URL above 8 KiB is a 414', async (t) => {
  await refused(t, 431, 'headers_too_large', requestText('GET /', { 'X-Long': 'a'.repeat(17_000) }))
  await refused(
    t,
    431,
    'headers_too_large',
    requestText(
      'GET /',
      Object.fromEntries(Array.from({ length: 1500 }, (_, i) => [`X-${i}`, 'abcdefgh']))
    )
  )
  await refused(t, 414, 'uri_too_long', requestText(`GET /${'a'.repeat(9000)}`))
  await refused(t, 414, 'uri_too_long', requestText(`GET /${'a'.repeat(20_000)}`))
})

t.test('TRACE, CONNECT and method overrides do nothing', async (t) => {
  const trace = await refused(
    t,
    405,
    'method_not_allowed',
    requestText('TRACE /api/v1/tasks', { Cookie: 'secret=1' })
  )
  t.notMatch(trace?.body, /secret/)
  t.equal(
    (await refused(t, 405, 'method_not_allowed', requestText('CONNECT example.com:443')))?.headers
      .allow,
    ''
  )
  const before = await events.count()
  const [listed] = await rawHttp(
    port,
    requestText('GET /api/v1/tasks', { ...authorization, 'X-HTTP-Method-Override': 'DELETE' })
  )
  t.equal(listed?.status, 200)
  t.equal(await events.count(), before)
})

t.test('two Authorization headers are a 401, since it is ambiguous which one counts', async (t) => {
  const { Authorization: one } = authorization
  await refused(
    t,
    401,
    'unauthenticated',
    requestText('GET /api/v1/tasks', { Authorization: [one, one] })
  )
  await refused(
    t,
    401,
    'unauthenticated',
    requestText('GET /api/v1/tasks', { Authorization: [one, 'Bearer x'] })
  )
})

t.test('an unknown expectation is a 417, 100-continue is met', async (t) => {
  await refused(
    t,
    417,
    'expectation_failed',
    requestText('POST /api/v1/tasks', { ...json, Expect: 'miracles', 'Content-Length': '2' }, '{}')
  )
  const answers = await rawHttp(
    port,
    requestText(
      'POST /api/v1/tasks',
      { ...json, Expect: '100-continue', 'Content-Length': '13' },
      '{"title":"a"}'
    )
  )
  t.match(answers, [{ status: 100 }, { status: 201 }])
})

t.test('a caller who disconnects in the middle of a body is not logged as a failure', async (t) => {
  log.length = 0
  const socket = connect({ host: '127.0.0.1', port })
  await once(socket, 'connect')
  socket.write(
    requestText('POST /api/v1/tasks', { ...json, 'Content-Length': '1000' }, '{"title":')
  )
  const [arrived] = await once(app.server, 'request')
  socket.destroy()
  await new Promise((resolve) => arrived.once('close', resolve))
  t.match(await rawHttp(port, requestText('GET /health/live')), [{ status: 200 }])
  t.strictSame(
    log.filter(({ level }) => Number(level) >= 40),
    []
  )
})

t.test('every wait for a slow caller has an end', async (t) => {
  const { headersTimeout, requestTimeout, keepAliveTimeout, timeout } = app.server
  t.strictSame(
    { headersTimeout, requestTimeout, keepAliveTimeout, timeout },
    { headersTimeout: 10_000, requestTimeout: 190_000, keepAliveTimeout: 72_000, timeout: 60_000 },
    'a file of 10 MiB may come at 64 KiB a second; what is no file has half a minute'
  )
})

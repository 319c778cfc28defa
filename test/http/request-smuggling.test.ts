import type { AddressInfo } from 'node:net'
import t from 'tap'
import { rawHttp, requestText } from '../support/raw-http.ts'
import { createTestApp } from '../support/test-app.ts'

const { app, signUp, events } = await createTestApp(t, { env: { DOCS_ENABLED: 'on' } })
const ann = await signUp()
await app.listen({ host: '127.0.0.1', port: 0 })
const { port } = app.server.address() as AddressInfo
const authorization = { Authorization: `Bearer ${ann.access_token}` }
const json = { ...authorization, 'Content-Type': 'application/json' }
/** What an attacker would smuggle into somebody else's connection. */
const hidden = requestText(
  'POST /api/v1/tasks',
  { ...json, 'Content-Length': '13' },
  '{"title":"a"}'
)
const statusesOf = async (...chunks: string[]) =>
  (await rawHttp(port, ...chunks)).map(({ status }) => status)

t.test("no spelling of a URL bypasses the guard of an administrator's route", async (t) => {
  const paths = [
    '/api/v1/tasks/../admin/users',
    '/api/v1/tasks/%2e%2e/admin/users',
    '/api/v1/tasks/..%2fadmin/users',
    '/api/v1/./admin/users',
    '//api/v1/admin/users',
    '/api//v1/admin/users',
    '/api/v1//admin/users',
    '/api/v1/admin//users',
    '/api/v1/ADMIN/users',
    '/API/v1/admin/users',
    '/api/v1/admin/users;',
    '/api/v1/admin/users;x=1',
    '/api/v1/admin;/users',
    '/api/v1/admin/users%20',
    '/api/v1/admin/users%09',
    '/api/v1/admin/users%2f',
    '/api/v1/admin/users/.',
    '/api/v1/admin%2fusers',
    '/api/v1/admin\\users',
    '/api/v1/tasks/..;/admin/users',
    '/docs/../api/v1/admin/users',
    '/docs/static/../../api/v1/admin/users',
    '/api/v1/%61dmin/%75sers/..',
    '/api/v1/admin/users.json',
    '/api/v1/admin/users%00',
    '/api/v1/admin/users#',
    'http://127.0.0.1/api/v1/tasks/../admin/users'
  ]
  for (const path of paths) {
    t.match(await statusesOf(requestText(`GET ${path}`, authorization)), [/^40[034]$/], path)
  }
  // Spellings of the very path are the very route, and its guard stands there.
  for (const path of [
    '/api/v1/admin/users',
    '/api/v1/admin/users/',
    '/api/v1/%61dmin/users',
    '/api/v1/admin/users?'
  ]) {
    t.strictSame(await statusesOf(requestText(`GET ${path}`, authorization)), [403], path)
  }
  for (const name of ['X-Original-URL', 'X-Rewrite-URL', 'X-Forwarded-Prefix']) {
    t.strictSame(
      await statusesOf(
        requestText('GET /nope', { ...authorization, [name]: '/api/v1/admin/users' })
      ),
      [404],
      name
    )
  }
})

t.test('requests that another server could read as two are rejected', async (t) => {
  const before = await events.count()
  const shapes: Record<string, string | string[]>[] = [
    { 'Transfer-Encoding': 'xchunked' },
    { 'Transfer-Encoding': ['chunked', 'x'] },
    { 'Transfer-Encoding': ['identity', 'chunked'], 'Content-Length': '5' },
    { 'Transfer-Encoding ': 'chunked' },
    { 'Transfer-Encoding': '\tchunked', 'Content-Length': '5' },
    { 'Transfer-Encoding': '"chunked"' },
    { 'Content-Length': '5, 5' },
    { 'Content-Length': '+5' },
    { 'Content-Length': '0x5' },
    { 'Content-Length': '5 5' },
    { 'Content-Length': ['5', '05'] },
    { 'Content-Length': '99999999999999999999' },
    { 'X: y\nTransfer-Encoding': 'chunked' },
    { 'X: y\rContent-Length': '5' }
  ]
  for (const shape of shapes) {
    t.match(
      await statusesOf(
        requestText(
          'POST /api/v1/tasks',
          { ...json, Connection: 'keep-alive', ...shape },
          `0\r\n\r\n${hidden}`
        )
      ),
      [/^(400|413|501)$/],
      JSON.stringify(shape)
    )
  }
  for (const size of ['+5', '0x5', '5 x', '-1', 'fffffffffffffffff', '']) {
    const [status, ...more] = await statusesOf(
      requestText('POST /api/v1/tasks', { ...json, 'Transfer-Encoding': 'chunked' }),
      `${size}\r\n{"a":\r\n0\r\n\r\n${hidden}`
    )
    t.match(status, /^(400|413)$/, `a chunk of ${size}`)
    t.strictSame(more, [])
  }
  t.equal(await events.count(), before)
})

t.test('a length that lies changes nothing: what is too much is no request', async (t) => {
  const before = await events.count()
  for (const rest of ['{"title":"a"}', `garbage${hidden}`]) {
    const answers = await rawHttp(
      port,
      requestText(
        'POST /api/v1/tasks',
        { ...json, Connection: 'keep-alive', 'Content-Length': '2' },
        `{}${rest}`
      )
    )
    t.match(answers.at(-1), { status: 400, closed: true }, rest)
  }
  t.equal(await events.count(), before)
})

t.test('no spelling of a media type gets a body past its schema', async (t) => {
  const before = await events.count()
  const types = [
    'application/json ',
    ' application/json',
    'application/json\t',
    'application/json;',
    'application/json; charset',
    'application/json ;charset=utf-8',
    'application/json,text/plain',
    'application/json/x',
    'APPLICATION/JSON;x=y',
    'text/json',
    'application/*',
    '*/*',
    '',
    'application/json; charset=utf-16',
    'application/json\t; x',
    'application/json;;',
    'application/jsonp',
    'application/merge-patch+json',
    'application/x-www-form-urlencoded'
  ]
  for (const type of types) {
    const [answer] = await rawHttp(
      port,
      requestText(
        'POST /api/v1/tasks',
        { ...authorization, 'Content-Type': type, 'Content-Length': '11' },
        '{"titel":1}'
      )
    )
    t.match(answer?.status, /^(400|415)$/, JSON.stringify(type))
  }
  t.match(
    await statusesOf(
      requestText(
        'POST /api/v1/tasks',
        {
          ...authorization,
          'Content-Type': ['text/plain', 'application/json'],
          'Content-Length': '11'
        },
        '{"titel":1}'
      )
    ),
    [/^(400|415)$/]
  )
  t.match(
    await statusesOf(
      requestText('POST /api/v1/tasks', { ...authorization, 'Content-Length': '11' }, '{"titel":1}')
    ),
    [/^(400|415)$/]
  )
  t.equal(await events.count(), before)
})

t.test("headers with the names of an object's own are headers like others", async (t) => {
  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    t.strictSame(
      await statusesOf(requestText('GET /api/v1/me', { ...authorization, [name]: 'x' })),
      [200],
      name
    )
  }
  t.strictSame(
    await statusesOf(
      [
        'GET /api/v1/me HTTP/1.1',
        'Host: a',
        'Connection: close',
        '__proto__: x',
        '__proto__: y',
        `Authorization: ${authorization.Authorization}`,
        '',
        ''
      ].join('\r\n')
    ),
    [200]
  )
})

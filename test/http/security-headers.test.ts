import t from 'tap'
import { PRODUCTION } from '../support/production-env.ts'
import { createTestApp } from '../support/test-app.ts'

const APP = 'https://app.example.com'
const open = await createTestApp(t, {
  env: {
    CORS_ORIGINS: `${APP}/, http://localhost:5173`,
    PUBLIC_URL: 'https://tasks.example.com',
    DOCS_ENABLED: 'on'
  }
})
const closed = await createTestApp(t)
const person = await open.signUp()
const from = (origin: string, more: object = {}) => ({
  url: '/api/v1/tasks',
  headers: { origin, authorization: `Bearer ${person.access_token}` },
  ...more
})

t.test('every response forbids sniffing, framing and referrers', async (t) => {
  for (const url of ['/', '/nope', '/api/v1/tasks', '/health/live', '/openapi.json', '/%']) {
    const { headers } = await closed.request({ url })
    t.match(
      headers,
      {
        'x-content-type-options': 'nosniff',
        'content-security-policy': /default-src 'none'; ?frame-ancestors 'none'/,
        'referrer-policy': 'no-referrer',
        'x-frame-options': 'DENY',
        'cross-origin-resource-policy': 'same-origin'
      },
      url
    )
    for (const name of [
      'server',
      'x-powered-by',
      'access-control-allow-origin',
      'strict-transport-security',
      'set-cookie'
    ]) {
      t.equal(headers[name], undefined, `${name} of ${url}`)
    }
  }
})

t.test('HSTS is sent over TLS only', async (t) => {
  t.match(
    (await open.request({ url: '/' })).headers['strict-transport-security'],
    /^max-age=31536000/
  )
})

t.test('responses for one caller stay out of shared caches', async (t) => {
  for (const url of ['/api/v1/tasks', '/api/v1/me', `/api/v1/tasks/${person.user.id}`]) {
    t.equal((await person.get(url)).headers['cache-control'], 'no-store', url)
  }
  const login = await open.request({
    method: 'POST',
    url: '/api/v1/auth/login',
    payload: { username: 'person-1', password: 'correct horse battery' }
  })
  t.equal(login.headers['cache-control'], 'no-store')
})

t.test('by default no other origin may read anything', async (t) => {
  for (const origin of [APP, 'null', 'http://localhost:3000']) {
    const answer = await closed.request({ url: '/health/live', headers: { origin } })
    t.equal(answer.headers['access-control-allow-origin'], undefined, origin)
  }
  const preflight = await closed.app.inject({
    method: 'OPTIONS',
    url: '/api/v1/tasks',
    headers: { origin: APP, 'access-control-request-method': 'POST' }
  })
  t.match(preflight, { statusCode: 405, headers: { 'access-control-allow-origin': undefined } })
})

t.test('the listed origins may, by their exact name, and the rest still may not', async (t) => {
  for (const origin of [APP, 'http://localhost:5173']) {
    const { headers } = await open.request(from(origin))
    t.match(headers, { 'access-control-allow-origin': origin, vary: /Origin/ }, origin)
    t.match(headers['access-control-expose-headers'], /ETag.*X-Request-Id/)
    t.equal(headers['access-control-allow-credentials'], undefined)
  }
  for (const origin of [
    'null',
    'https://app.example.com.evil.example',
    'http://app.example.com',
    'https://APP.example.com:8443',
    'https://evil.example'
  ]) {
    const { headers } = await open.request(from(origin))
    t.equal(headers['access-control-allow-origin'], undefined, origin)
    t.match(headers.vary, /Origin/, 'a cache keeps the answers apart')
  }
})

t.test(
  'a preflight of a listed origin is answered without credentials; refusals can be read as well',
  async (t) => {
    const preflight = await open.app.inject({
      method: 'OPTIONS',
      url: '/api/v1/tasks',
      headers: {
        origin: APP,
        'access-control-request-method': 'PATCH',
        'access-control-request-headers': 'authorization,content-type,if-match,idempotency-key'
      }
    })
    t.match(preflight, {
      statusCode: 204,
      headers: {
        'access-control-allow-origin': APP,
        'access-control-allow-methods': /PATCH/,
        'access-control-allow-headers': /if-match/
      }
    })
    t.match(await open.request({ url: '/api/v1/tasks', headers: { origin: APP } }), {
      statusCode: 401,
      headers: { 'access-control-allow-origin': APP }
    })
    t.match(await open.request({ url: '/nope', headers: { origin: APP } }), {
      statusCode: 404,
      headers: { 'access-control-allow-origin': APP }
    })
  }
)

t.test('an OPTIONS that is no preflight is rejected as without CORS', async (t) => {
  for (const app of [open, closed]) {
    for (const headers of [{}, { origin: APP }, { 'access-control-request-method': 'POST' }]) {
      t.match(await app.request({ method: 'OPTIONS', url: '/api/v1/tasks', headers }), {
        statusCode: 405,
        headers: { allow: 'DELETE, GET, HEAD, POST' }
      })
      t.equal((await app.request({ method: 'OPTIONS', url: '/nope', headers })).statusCode, 404)
    }
  }
})

t.test('in development every origin of this machine may, and in production none', async (t) => {
  const own = [
    'http://localhost:5173',
    'http://localhost',
    'https://127.0.0.1:8443',
    'http://[::1]:3001',
    'http://app.localhost:4200'
  ]
  const others = [
    'http://localhost.evil.example',
    'http://evil-localhost:5173',
    'http://127.0.0.1.evil.example',
    'http://localhost:5173.evil.example',
    'http://192.168.0.7:5173',
    'null'
  ]
  const production = await createTestApp(t, {
    env: PRODUCTION
  })
  const development = await createTestApp(t, { env: { NODE_ENV: 'development' } })
  for (const origin of [...own, ...others]) {
    const allowed = own.includes(origin) ? origin : undefined
    for (const [{ request, app }, expected] of [
      [development, allowed],
      [production, undefined]
    ] as const) {
      const { headers } = await request({ url: '/health/live', headers: { origin } })
      t.equal(headers['access-control-allow-origin'], expected, origin)
      const preflight = await app.inject({
        method: 'OPTIONS',
        url: '/api/v1/tasks',
        headers: { origin, 'access-control-request-method': 'POST' }
      })
      t.equal(preflight.headers['access-control-allow-origin'], expected, origin)
      const login = await request({
        method: 'POST',
        url: '/api/v1/auth/login',
        headers: { origin, 'sec-fetch-site': 'cross-site' },
        payload: { username: 'nobody', password: 'correct horse battery' }
      })
      t.equal(login.json().code, expected ? 'bad_credentials' : 'cross_site', origin)
    }
  }
})

import type { LightMyRequestResponse as Response } from 'fastify'
import t from 'tap'
import { auditEntries, summarize } from '../../support/audit-log.ts'
import { countStatuses } from '../../support/status-counts.ts'
import { createTestApp, PASSWORD } from '../../support/test-app.ts'

const FRONT_END = 'https://front.example.org'
const base = { CORS_ORIGINS: FRONT_END, TRUST_PROXY: '10.0.0.0/8' }
const h = await createTestApp(t, { env: base })
const { app, db, signUp } = h

type Options = { cookie?: string | undefined; headers?: Record<string, string>; from?: string }
type TestApp = typeof h
const post = (
  path: string,
  payload: object | string = {},
  { cookie, headers, from = '127.0.0.1' }: Options = {},
  { app }: Pick<TestApp, 'app'> = h
): Promise<Response> =>
  app.inject({
    method: 'POST',
    url: `/app/session/${path}`,
    payload,
    remoteAddress: from,
    headers: { ...(cookie && { cookie }), ...headers }
  })
const logIn = (username = 'ann', options: Options = {}, of: Pick<TestApp, 'app'> = h) =>
  post('login', { username, password: PASSWORD }, options, of)
/** What the browser sends back: a cookie without its attributes. */
const cookieOf = ({ headers }: Response) => String(headers['set-cookie']).split(';')[0]
const me = async (access_token: string, { app }: Pick<TestApp, 'app'> = h) =>
  (await app.inject({ url: '/api/v1/me', headers: { authorization: `Bearer ${access_token}` } }))
    .statusCode

await signUp('user', 'ann')
await signUp('user', 'bob')

t.test('a log-in answers without the refresh token, which is in a cookie alone', async (t) => {
  const response = await logIn()
  t.equal(response.statusCode, 200)
  t.equal(response.headers['cache-control'], 'no-store')
  t.strictSame(Object.keys(response.json()).sort(), [
    'access_token',
    'expires_in',
    'token_type',
    'user'
  ])
  t.match(
    response.headers['set-cookie'],
    /^tasklane-session=[\w-]{43}; Path=\/app\/session; Max-Age=604800; HttpOnly; SameSite=Strict$/
  )
  t.equal(await me(response.json().access_token), 200)
  const signedUp = await post('register', { username: 'carl', password: PASSWORD })
  t.match(signedUp.json(), { user: { username: 'carl' }, refresh_token: undefined })
  t.equal(signedUp.statusCode, 201)
  t.match(cookieOf(signedUp), /^tasklane-session=[\w-]{43}$/)
})

t.test('the cookie is Secure, and says so in its name, wherever HTTPS is in front', async (t) => {
  const site = { ...base, PUBLIC_URL: 'https://example.org/office/tasks' }
  const inPath = await createTestApp(t, {
    env: site,
    database: { ...h.database, close: async () => {} }
  })
  const expected =
    /^__Secure-tasklane-session=[^;]+; Path=PATH;.*; HttpOnly; Secure; SameSite=Strict$/
  const at = (path: string) => new RegExp(expected.source.replace('PATH', path))
  const behindPath = await logIn('ann', {}, inPath)
  t.match(behindPath.headers['set-cookie'], at('/office/tasks/app/session'))
  const renewed = await post('refresh', {}, { cookie: cookieOf(behindPath) }, inPath)
  t.equal(renewed.statusCode, 200)
  t.match(renewed.headers['set-cookie'], at('/office/tasks/app/session'))

  const headers = { 'x-forwarded-proto': 'https' }
  const proxied = await logIn('ann', { headers, from: '10.0.0.1' })
  t.match(proxied.headers['set-cookie'], at('/app/session'))
  const stranger = await logIn('ann', { headers, from: '198.51.100.1' })
  t.match(stranger.headers['set-cookie'], /^tasklane-session=/, 'a stranger claims it')
  const planted = String(cookieOf(proxied)).replace('__Secure-', '')
  const answer = await post('refresh', {}, { cookie: planted, headers, from: '10.0.0.1' })
  t.equal(answer.statusCode, 204, 'a cookie that plain HTTP can set counts for nothing')
})

t.test('a refresh rotates the cookie, and reuse ends the session', async (t) => {
  const first = await logIn()
  const second = await post('refresh', {}, { cookie: cookieOf(first) })
  t.equal(second.statusCode, 200)
  t.match(second.json(), { user: { username: 'ann' }, refresh_token: undefined })
  t.not(cookieOf(second), cookieOf(first))
  const thief = await post('refresh', {}, { cookie: cookieOf(first), from: '203.0.113.9' })
  t.equal(thief.statusCode, 401)
  t.equal(thief.headers['set-cookie'], undefined)
  t.equal(await me(second.json().access_token), 401)
  t.equal((await post('refresh', {}, { cookie: cookieOf(second) })).statusCode, 401)
  t.ok((await auditEntries(db)).some(({ action }) => action === 'session.reuse_detected'))
})

t.test('of parallel refreshes with one cookie exactly one succeeds', async (t) => {
  const first = await logIn()
  const responses = await Promise.all(
    Array.from({ length: 8 }, () => post('refresh', {}, { cookie: cookieOf(first) }))
  )
  t.strictSame(countStatuses(responses), { 200: 1, 401: 7 })
  const winner = responses.find(({ statusCode }) => statusCode === 200) as Response
  t.strictSame(
    responses.filter(({ headers }) => headers['set-cookie'] !== undefined),
    [winner],
    'the others leave the new cookie alone'
  )
  t.equal((await post('refresh', {}, { cookie: cookieOf(winner) })).statusCode, 200)
})

t.test('without a cookie nobody is logged in, and two of one name are none', async (t) => {
  const before = (await auditEntries(db)).length
  const real = cookieOf(await logIn())
  for (const cookie of [
    undefined,
    'other=1',
    'tasklane-session=',
    'tasklane-session=not a token!',
    `${real}; tasklane-session=${'x'.repeat(43)}`,
    `tasklane-session=${'x'.repeat(43)}; ${real}`
  ]) {
    const response = await post('refresh', {}, { cookie })
    t.equal(response.statusCode, 204, String(cookie))
    t.equal(response.headers['set-cookie'], undefined)
    t.strictSame((await post('check', {}, { cookie })).json(), { has_cookie: false })
  }
  t.strictSame((await post('check', {}, { cookie: real })).json(), { has_cookie: true })
  t.equal((await auditEntries(db)).length, before + 1, 'only the log-in')
  t.equal((await post('refresh', {}, { cookie: `a=1; ${real}; b=2` })).statusCode, 200)
})

t.test('a log-out ends the session of the cookie and removes it, whatever it is', async (t) => {
  const first = await logIn()
  const cookie = cookieOf(first)
  const before = (await auditEntries(db)).length
  for (const sent of [cookie, cookie, 'tasklane-session=unknown', undefined]) {
    const response = await post('logout', {}, { cookie: sent })
    t.equal(response.statusCode, 204)
    t.match(response.headers['set-cookie'], /^tasklane-session=; .*Max-Age=0; HttpOnly/)
  }
  t.equal(await me(first.json().access_token), 401)
  t.equal((await post('refresh', {}, { cookie })).statusCode, 401)
  const { user } = first.json()
  t.match((await auditEntries(db)).slice(before), [
    { action: 'user.logged_out', outcome: 'succeeded', actor_id: user.id, subject_type: 'session' },
    { action: 'session.refreshed', outcome: 'failed' }
  ])
})

t.test(
  'a log-out and a log-in end the session also where another host planted a cookie',
  async (t) => {
    const planted = `tasklane-session=${'x'.repeat(43)}`
    for (const path of ['logout', 'login']) {
      for (const order of [0, 1]) {
        const ann = await logIn('ann')
        const both = [cookieOf(ann), planted]
        const cookie = (order === 0 ? both : both.reverse()).join('; ')
        const body = path === 'login' ? { username: 'bob', password: PASSWORD } : {}
        t.ok([200, 204].includes((await post(path, body, { cookie })).statusCode))
        t.equal(await me(ann.json().access_token), 401, `${path}, order ${order}`)
      }
    }
  }
)

t.test('who logs in where somebody was logged in ends that session', async (t) => {
  const ann = await logIn('ann')
  const wrong = { username: 'bob', password: 'not the password' }
  t.equal((await post('login', wrong, { cookie: cookieOf(ann) })).statusCode, 401)
  t.equal(await me(ann.json().access_token), 200)
  const bob = await logIn('bob', { cookie: cookieOf(ann) })
  t.equal(await me(ann.json().access_token), 401)
  t.equal(await me(bob.json().access_token), 200)
  t.equal((await post('refresh', {}, { cookie: cookieOf(bob) })).json().user.username, 'bob')
})

const FOREIGN: Record<string, string>[] = [
  { origin: 'https://evil.example' },
  { origin: 'null' },
  { origin: FRONT_END },
  { origin: 'http://localhost.evil.example', host: 'localhost' },
  { origin: FRONT_END, 'sec-fetch-site': 'cross-site' },
  { origin: 'https://other.localhost', 'sec-fetch-site': 'same-site' },
  { 'sec-fetch-site': 'none' },
  { 'sec-fetch-site': 'cross-site' }
]
for (const path of ['login', 'register', 'refresh', 'logout', 'check']) {
  t.test(`no other origin can make a browser send ${path}`, async (t) => {
    const cookie = cookieOf(await logIn())
    const before = (await auditEntries(db)).map(summarize)
    const bodies: Record<string, object> = {
      login: { username: 'bob', password: PASSWORD },
      register: { username: 'mallory', password: PASSWORD }
    }
    for (const headers of FOREIGN) {
      const response = await post(path, bodies[path] ?? {}, { cookie, headers })
      t.match(response.json(), { status: 403, code: 'cross_site' }, JSON.stringify(headers))
      t.equal(response.headers['set-cookie'], undefined)
      t.equal(response.headers['access-control-allow-origin'], undefined)
      t.equal(response.headers['cross-origin-resource-policy'], 'same-origin')
    }
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
      const form = { cookie, headers: { 'content-type': type } }
      t.ok([400, 415].includes((await post(path, '{}', form)).statusCode), `as ${type}`)
    }
    t.equal((await post(path, '', { cookie })).statusCode, 400, 'without a body')
    for (const url of [`/app/session/${path}`, `/app/session/${path}/`]) {
      const preflight = await app.inject({
        method: 'OPTIONS',
        url,
        headers: { origin: FRONT_END, 'access-control-request-method': 'POST' }
      })
      t.equal(preflight.statusCode, 405)
      t.equal(preflight.headers['access-control-allow-origin'], undefined)
    }
    t.strictSame((await auditEntries(db)).map(summarize), before, 'nothing was done')
    t.equal((await post('refresh', {}, { cookie })).statusCode, 200, 'the session goes on')
  })
}

t.test('the own origin may send them, also where a browser does not say so itself', async (t) => {
  const own: Record<string, string>[] = [
    { origin: 'http://tasks.lan:3000', host: 'tasks.lan:3000' },
    { origin: 'https://tasks.example.org', 'sec-fetch-site': 'same-origin', host: 'backend:3000' }
  ]
  for (const headers of own) {
    t.equal((await logIn('ann', { headers })).statusCode, 200)
  }
})

t.test('log-ins of console and API count against one limit', async (t) => {
  const strict = await createTestApp(t, {
    env: { RATE_LIMIT: 'on', RATE_LIMIT_AUTH: '4', TRUST_PROXY: '10.0.0.0/8' }
  })
  await strict.signUp('user', 'ann')
  const through = (path: string, payload: object, remoteAddress: string) =>
    strict.app.inject({ method: 'POST', url: path, payload, remoteAddress })
  const wrong = { username: 'ann', password: 'not the password' }
  const responses = []
  for (const path of ['/api/v1/auth/login', '/app/session/login', '/api/v1/auth/login']) {
    responses.push(await through(path, wrong, '203.0.113.5'))
  }
  responses.push(await through('/app/session/login', wrong, '203.0.113.5'))
  responses.push(await through('/app/session/login', wrong, '203.0.113.5'))
  t.strictSame(countStatuses(responses), { 401: 4, 429: 1 })
  t.equal(responses.at(-1)?.json().code, 'rate_limited')
})

t.test('the routes are not in the contract, and not there without the console', async (t) => {
  t.strictSame(
    Object.keys(app.contract().paths).filter((path) => path.startsWith('/app')),
    []
  )
  const without = await createTestApp(t, { env: { CONSOLE_ENABLED: 'off' } })
  t.equal((await post('refresh', {}, {}, without)).statusCode, 404)
})

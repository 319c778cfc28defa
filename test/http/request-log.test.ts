import { sql } from 'drizzle-orm'
import t from 'tap'
import { composeFeatures } from '../../src/features.ts'
import { auditEntries } from '../support/audit-log.ts'
import { hiddenRoutes } from '../support/hidden-routes.ts'
import { createTestApp, PASSWORD, SECRET } from '../support/test-app.ts'
import { waitUntil } from '../support/wait-until.ts'

const KEY = {
  name: 'a script',
  scopes: ['tasks:read'],
  expires_at: new Date(Date.now() + 86_400_000).toISOString()
}

const lines: Record<string, unknown>[] = []
const text: string[] = []
const { request, signUp, db } = await createTestApp(t, {
  onLog: (line) => {
    text.push(line)
    lines.push(JSON.parse(line))
  }
})
const answered = (id: unknown) =>
  lines.filter(({ request_id, msg }) => request_id === id && msg === 'request completed')

t.test('each response has one line: the operation, the caller, the result', async (t) => {
  const ann = await signUp()
  const task = await ann.create({ title: 'Paint the door' })
  const { headers } = await ann.read(task)
  t.match(answered(headers['x-request-id']), [
    {
      level: 30,
      operation: 'getTask',
      method: 'GET',
      route: '/api/v1/tasks/:task_id',
      status: 200,
      user_id: ann.user.id,
      ms: Number
    }
  ])
  t.equal(answered(headers['x-request-id']).length, 1)
})

t.test('a problem has its code, an anonymous caller has no user', async (t) => {
  const refused = await request({ url: '/api/v1/tasks' })
  const [line] = answered(refused.headers['x-request-id'])
  t.match(line, { operation: 'listTasks', status: 401, code: 'unauthenticated' })
  t.notOk(Object.hasOwn(line ?? {}, 'user_id'))
  const lost = await request({ url: '/nope?token=hidden' })
  t.match(answered(lost.headers['x-request-id']), [{ route: '/…', status: 404, code: 'not_found' }])
  const broken = await request({ url: '/%?token=hidden' })
  t.match(answered(broken.headers['x-request-id']), [
    { route: '/…', status: 400, code: 'malformed_request' }
  ])
})

t.test(
  'login attempts are logged, successes with the user and failures without the input',
  async (t) => {
    const ann = await signUp('user', 'ann')
    const good = await request({
      method: 'POST',
      url: '/api/v1/auth/login',
      payload: { username: 'ann', password: PASSWORD }
    })
    const bad = await request({
      method: 'POST',
      url: '/api/v1/auth/login',
      payload: { username: 'nobody-here', password: 'wrong-and-hidden' }
    })
    const ofRequest = (id: unknown) => lines.filter(({ request_id }) => request_id === id)
    t.match(ofRequest(good.headers['x-request-id']), [
      { event: 'auth.succeeded', user_id: ann.user.id }
    ])
    t.match(ofRequest(bad.headers['x-request-id']), [
      { event: 'auth.failed', code: 'bad_credentials' }
    ])
  }
)

t.test('no secret of any kind reaches the log, whatever way it takes', async (t) => {
  const eve = await signUp('user', 'eve')
  const form = (payload: string) =>
    request({
      method: 'POST',
      url: '/api/v1/auth/token',
      payload,
      headers: { 'content-type': 'application/x-www-form-urlencoded' }
    })
  await request({
    method: 'POST',
    url: '/api/v1/auth/login',
    payload: { username: 'eve', password: 'mistyped-hidden-1' }
  })
  await request({
    method: 'POST',
    url: '/api/v1/auth/login',
    payload: { username: 'mistyped-hidden-2', password: PASSWORD }
  })
  await request({
    method: 'POST',
    url: '/api/v1/auth/login?password=mistyped-hidden-3',
    payload: {}
  })
  await request({
    method: 'POST',
    url: '/api/v1/auth/login',
    payload: '{"password":"mistyped-hidden-4',
    headers: { 'content-type': 'application/json' }
  })
  await form(`grant_type=password&username=eve&password=${encodeURIComponent(PASSWORD)}`)
  await form('grant_type=password&username=eve&password=mistyped-hidden-5')
  const next = (
    await request({
      method: 'POST',
      url: '/api/v1/auth/refresh',
      payload: { refresh_token: eve.refresh_token }
    })
  ).json()
  await request({
    method: 'POST',
    url: '/api/v1/auth/refresh',
    payload: { refresh_token: eve.refresh_token }
  })
  await request({
    url: '/api/v1/tasks',
    headers: {
      authorization: 'Bearer forged-hidden-6',
      cookie: 'sid=hidden-7',
      'x-api-key': 'hidden-8'
    }
  })
  await request({ url: `/api/v1/tasks?access_token=${eve.access_token}` })
  await eve.post('/api/v1/tasks', { title: 'body-hidden-9', description: 'body-hidden-10' })
  await eve.get('/api/v1/tasks?q=query-hidden-11')
  const all = text.join('')
  const [, payload = '', signature = ''] = eve.access_token.split('.')
  for (const secret of [
    'hidden',
    PASSWORD,
    encodeURIComponent(PASSWORD),
    SECRET,
    eve.access_token,
    payload,
    signature,
    eve.refresh_token,
    next.refresh_token,
    next.access_token,
    '$argon2'
  ]) {
    t.ok(String(secret).length > 5 && !all.includes(secret), `${String(secret).slice(0, 12)}…`)
  }
  t.ok(text.length > 15)
})

t.test('no input can forge a line', async (t) => {
  const before = text.length
  await request({
    url: '/nope%0a%7b%22level%22:60%7d',
    headers: { 'user-agent': 'x\t{"level":60}' }
  })
  const told = text.slice(before)
  t.ok(told.length > 0)
  for (const line of told) {
    t.equal(line.trimEnd().split('\n').length, 1)
  }
  t.notOk(told.some((line) => JSON.parse(line).level === 60))
})

t.test('a secret in a path is in no line, whether there is such a route or not', async (t) => {
  const fay = await signUp('manager', 'fay')
  const { key } = (await fay.post('/api/v1/me/api-keys', KEY)).json()
  const sid = JSON.parse(
    Buffer.from(fay.access_token.split('.')[1] as string, 'base64url').toString()
  ).sid as string
  const withKey = { authorization: `Bearer ${key}` }
  const before = text.length
  const routes: [method: 'DELETE' | 'GET' | 'PUT', url: string, route: string][] = [
    ['DELETE', `/api/v1/me/api-keys/${key}`, '/api/v1/me/api-keys/:key_id'],
    ['DELETE', `/api/v1/admin/users/${key}`, '/api/v1/admin/users/:user_id'],
    ['DELETE', `/api/v1/auth/sessions/${sid}`, '/api/v1/auth/sessions/:session_id'],
    ['GET', `/api/v1/tasks/${key}/`, '/api/v1/tasks/:task_id'],
    ['PUT', `/api/v1/me/api-keys/${key}`, '/api/v1/me/api-keys/…'],
    ['GET', `/api/v1/me/api-keys/${key}/more`, '/api/v1/me/api-keys/…'],
    ['GET', `/api/v1/${key}?key=${key}`, '/api/v1/…'],
    ['GET', `/${key}`, '/…'],
    ['GET', `/app/x/${key}`, '/app/:version/*'],
    ['GET', `/api/v1/tasks?q=${key}`, '/api/v1/tasks'],
    ['GET', `/api/v1/${'a/'.repeat(2000)}${key}`, '/api/v1/…'],
    ['GET', `//${key}//`, '/…'],
    ['GET', `/api/v1/tasks/%zz${key}`, '/api/v1/tasks/…']
  ]
  for (const [method, url, route] of routes) {
    for (const send of [fay.send, request]) {
      const { headers } = await send({ method, url, ...(send === request && { headers: withKey }) })
      t.match(answered(headers['x-request-id']), [{ route, method }], `${method} ${route}`)
    }
  }
  const told = text.slice(before).join('').toLowerCase()
  t.notOk(told.includes(key.slice(3).toLowerCase()))
  t.notOk(told.includes(sid))
  const remembered = JSON.stringify(await auditEntries(db))
  t.notOk(remembered.includes(key.slice(12)), 'nor in the audit log')
  const refused = (await auditEntries(db)).filter(({ action }) => action === 'access.refused')
  t.ok(refused.length > 0)
})

t.test(
  'the parameters of a statement that fails are in no line, however many lines they have',
  async (t) => {
    const seen: string[] = []
    const failing = await createTestApp(t, { onLog: (line) => seen.push(line) })
    const ann = await failing.signUp()
    await failing.db.execute(
      sql`ALTER TABLE tasks ADD CONSTRAINT no_paint CHECK (title <> 'Paint')`
    )
    const payload = { title: 'Paint', description: 'first line\nHIDDEN second\nthird' }
    t.equal((await ann.post('/api/v1/tasks', payload)).statusCode, 500)
    await waitUntil('the line of the error', () => seen.some((line) => line.includes('no_paint')))
    t.notMatch(seen.join(''), /HIDDEN|third/)
  }
)

t.test('a handler that ends after the response was sent leaves no URL in the log', async (t) => {
  let release = () => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  const slow = hiddenRoutes('/slow', async (app) => {
    app.get(
      '/',
      {
        handlerTimeout: 1000,
        config: { allow: 'anyone' },
        schema: { hide: true, querystring: {} }
      },
      async () => {
        await released
        return 'too late'
      }
    )
  })
  const seen: string[] = []
  const late = await createTestApp(t, {
    onLog: (line) => seen.push(line),
    features: [...composeFeatures(), slow]
  })
  t.equal((await late.request({ url: '/slow?q=tl_hidden' })).statusCode, 503)
  release()
  await waitUntil('a word of it', () => seen.some((line) => line.includes('ALREADY_SENT')))
  t.notMatch(seen.join(''), /hidden/)
})

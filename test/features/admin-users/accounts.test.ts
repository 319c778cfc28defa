import { eq } from 'drizzle-orm'
import t from 'tap'
import { users } from '../../../src/db/tables/users.ts'
import { auditEntries } from '../../support/audit-log.ts'
import { emailsTo } from '../../support/emails.ts'
import { tokenIn } from '../../support/links.ts'
import { createTestApp, PASSWORD } from '../../support/test-app.ts'

const URL = '/api/v1/admin/users'
const h = await createTestApp(t, { env: { REGISTRATION: 'open' } })
const { db, mail, request, signUp } = h
const root = await signUp('admin', 'root')
const NEXT = 'another long passphrase'

type App = Pick<typeof h, 'request'>
const login = (app: App, identifier: object, password: string) =>
  app.request({ method: 'POST', url: '/api/v1/auth/login', payload: { ...identifier, password } })
const choose = (app: App, reset_token: string, new_password = NEXT) =>
  app.request({
    method: 'POST',
    url: '/api/v1/auth/reset-password',
    payload: { reset_token, new_password }
  })
const newest = async (address: string) => (await emailsTo(mail, address))[0]

t.test('an admin creates an account with a password, in which its user logs in', async (t) => {
  const payload = {
    username: 'ann',
    email: 'Ann@Example.com',
    name: ' Ann Lee ',
    role: 'manager',
    password: PASSWORD
  }
  const response = await root.post(URL, payload)
  t.equal(response.statusCode, 201)
  const { id, created_at, ...user } = response.json()
  t.equal(response.headers.location, `${URL}/${id}`)
  t.strictSame(user, {
    username: 'ann',
    email: 'ann@example.com',
    name: 'Ann Lee',
    role: 'manager',
    email_verified: false,
    disabled: false,
    setup_url: null
  })
  t.strictSame(await emailsTo(mail, 'ann@example.com'), [])
  t.equal((await login(h, { username: 'ann' }, PASSWORD)).json().user.id, id)
  t.match(
    (await auditEntries(db)).filter(({ subject_id }) => subject_id === id),
    [
      { action: 'user.created', actor_id: root.user.id, actor_name: 'root', detail: 'manager' },
      { action: 'user.logged_in' }
    ]
  )
})

t.test('without a password an email has a link, which works once and confirms it', async (t) => {
  const email = 'bea@example.com'
  const response = await root.post(URL, { email, name: 'Bea http://evil.example' })
  t.match(response.json(), { email, role: 'user', email_verified: false, setup_url: null })
  t.equal((await login(h, { email }, PASSWORD)).statusCode, 401)
  const message = await newest(email)
  t.match(message?.html, /<a href="http:\/\/127\.0\.0\.1:3000\/app\/#\/set-password\?reset_token=/)
  t.notMatch(message?.text, /evil|Bea/, 'nobody gets what somebody else has written')
  const token = tokenIn(message)
  t.match((await choose(h, token, 'short')).json(), { status: 400, code: 'invalid_request' })
  t.equal((await choose(h, token)).statusCode, 204, 'a weak password has not used it up')
  t.match((await choose(h, token)).json(), { status: 400, code: 'invalid_reset_token' })
  const { user } = (await login(h, { email }, NEXT)).json()
  t.match(user, { id: response.json().id, email_verified: true })
  const actions = (await auditEntries(db, 'user.logged_in'))
    .filter(({ subject_id, outcome }) => subject_id === user.id && outcome === 'succeeded')
    .map(({ action, actor_id }) => [action, actor_id])
  t.strictSame(actions, [
    ['user.created', root.user.id],
    ['user.password_link_created', root.user.id],
    ['user.password_changed', user.id],
    ['user.password_reset', user.id]
  ])
})

t.test('of parallel uses of a link exactly one sets its password', async (t) => {
  const { setup_url, id } = (await root.post(URL, { username: 'cid' })).json()
  t.match(setup_url, /^http:/, 'where there is no email, the response has the link')
  const responses = await Promise.all(
    Array.from({ length: 4 }, (_, i) => choose(h, tokenIn(setup_url), `long passphrase ${i}`))
  )
  const statuses = responses.map(({ statusCode }) => statusCode)
  t.strictSame(statuses.toSorted(), [204, 400, 400, 400])
  const winner = `long passphrase ${statuses.indexOf(204)}`
  t.equal((await login(h, { username: 'cid' }, winner)).json().user.id, id)
})

t.test('without email the link is in the response, once, and confirms nothing', async (t) => {
  const app = await createTestApp(t, { env: { EMAIL_ENABLED: 'off', REGISTRATION: 'open' } })
  const admin = await app.signUp('admin', 'root')
  const payload = { username: 'dora', email: 'dora@example.com' }
  const send = (more: object = {}) =>
    admin.send({
      method: 'POST',
      url: URL,
      headers: { 'idempotency-key': 'dora' },
      payload: { ...payload, ...more }
    })
  const first = (await send()).json()
  const again = await send()
  t.equal(again.headers['idempotent-replayed'], 'true')
  t.strictSame(again.json(), { ...first, setup_url: null })
  t.equal((await send({ role: 'admin' })).statusCode, 422)
  t.equal((await choose(app, tokenIn(first.setup_url))).statusCode, 204)
  t.match((await login(app, { username: 'dora' }, NEXT)).json().user, { email_verified: false })

  const reset = await admin.post(`${URL}/${first.id}/password-reset`)
  t.equal(reset.statusCode, 200)
  t.equal((await choose(app, tokenIn(reset.json().setup_url), PASSWORD)).statusCode, 204)
  t.equal((await login(app, { username: 'dora' }, PASSWORD)).statusCode, 200)
})

t.test('invalid accounts are rejected by name and create nothing', async (t) => {
  const before = await db.$count(users)
  const rejected = async (payload: object) => {
    const { code, errors } = (await root.post(URL, payload)).json()
    return [code, errors?.[0]?.pointer]
  }
  t.strictSame(await rejected({ name: 'Eve' }), ['invalid_request', '/username'])
  t.strictSame(await rejected({ username: 'e@ve' }), ['invalid_request', '/username'])
  t.strictSame(await rejected({ username: 'eve', password: 'short' }), [
    'invalid_request',
    '/password'
  ])
  t.strictSame(await rejected({ username: 'eve', role: 'root' }), ['invalid_request', '/role'])
  t.strictSame(await rejected({ username: 'eve', disabled: true }), [
    'invalid_request',
    '/disabled'
  ])
  t.strictSame(await rejected({ username: 'ROOT' }), ['account_exists', '/username'])
  t.equal(await db.$count(users), before)
})

t.test(
  'nobody but an admin creates accounts or resets passwords, not even with a key',
  async (t) => {
    const manager = await signUp('manager')
    const { key } = (
      await root.post('/api/v1/me/api-keys', {
        name: 'all',
        scopes: ['tasks:write'],
        expires_at: new Date(Date.now() + 86_400_000).toISOString()
      })
    ).json()
    const before = await db.$count(users)
    for (const url of [URL, `${URL}/${manager.user.id}/password-reset`]) {
      const payload = url === URL ? { payload: { username: 'fay' } } : {}
      t.equal((await manager.send({ method: 'POST', url, ...payload })).statusCode, 403)
      const headers = { authorization: `Bearer ${key}` }
      t.equal((await request({ method: 'POST', url, headers, ...payload })).statusCode, 403)
    }
    await db.update(users).set({ role: 'user' }).where(eq(users.id, root.user.id))
    t.equal((await root.post(URL, { username: 'fay' })).json().code, 'not_allowed')
    await db.update(users).set({ role: 'admin' }).where(eq(users.id, root.user.id))
    t.equal(await db.$count(users), before)
  }
)

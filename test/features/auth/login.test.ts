import { eq } from 'drizzle-orm'
import t from 'tap'
import { users } from '../../../src/db/tables/users.ts'
import { auditEntries } from '../../support/audit-log.ts'
import { createTestApp, PASSWORD } from '../../support/test-app.ts'

const { request, db, signUp } = await createTestApp(t)
const login = (payload: object, id = 'r') =>
  request({ method: 'POST', url: '/api/v1/auth/login', payload, headers: { 'x-request-id': id } })
const { user } = (
  await request({
    method: 'POST',
    url: '/api/v1/auth/register',
    payload: { username: 'Ann', email: 'ann@example.com', password: PASSWORD }
  })
).json()

t.test('either identifier logs in, in any case, each time with a new session', async (t) => {
  const sessions = new Set<string>()
  for (const who of [
    { username: 'Ann' },
    { username: 'aNN' },
    { email: 'ann@example.com' },
    { email: 'ANN@Example.com' }
  ]) {
    const response = await login({ ...who, password: PASSWORD })
    t.equal(response.statusCode, 200)
    t.equal(response.headers['cache-control'], 'no-store')
    t.strictSame(response.json().user, user)
    sessions.add(response.json().refresh_token)
  }
  t.equal(sessions.size, 4)
})

t.test('a username is not accepted as an email, nor an email as a username', async (t) => {
  t.equal((await login({ username: 'ann@example.com', password: PASSWORD })).statusCode, 401)
  t.equal((await login({ email: 'Ann', password: PASSWORD })).statusCode, 401)
})

t.test(
  'unknown accounts, wrong passwords, disabled accounts and accounts without a password get the same 401',
  async (t) => {
    await signUp('user', 'disabled')
    await db.update(users).set({ disabled: true }).where(eq(users.username, 'disabled'))
    await signUp('user', 'passwordless')
    await db.update(users).set({ password_hash: null }).where(eq(users.username, 'passwordless'))
    const attempts = [
      { username: 'nobody', password: PASSWORD },
      { email: 'nobody@example.com', password: PASSWORD },
      { username: 'ann', password: 'wrong horse battery' },
      { username: 'ann', password: ` ${PASSWORD}` },
      { username: 'ann', password: PASSWORD.toUpperCase() },
      { username: 'disabled', password: PASSWORD },
      { username: 'passwordless', password: PASSWORD },
      { username: 'passwordless', password: 'nobody has this password' }
    ]
    const responses = await Promise.all(attempts.map((attempt) => login(attempt)))
    for (const response of responses) {
      t.equal(response.statusCode, 401)
      t.equal(response.headers['www-authenticate'], 'Bearer')
      t.equal(response.headers['cache-control'], 'no-store')
      t.equal(response.body, responses[0]?.body)
    }
    t.match(responses[0]?.json(), {
      code: 'bad_credentials',
      detail: 'Invalid credentials.'
    })
  }
)

t.test('exactly one identifier is required', async (t) => {
  const none = await login({ password: PASSWORD })
  t.match(none.json(), { status: 400, errors: [{ pointer: '/username', code: 'required' }] })
  const both = await login({ username: 'ann', email: 'ann@example.com', password: PASSWORD })
  t.match(both.json(), { status: 400, errors: [{ pointer: '/email', code: 'excluded' }] })
})

t.test('every attempt is audited with its outcome, without what was sent', async (t) => {
  await login({ username: 'ann', password: PASSWORD }, 'good')
  await login({ username: 'ann', password: 'wrong horse battery' }, 'wrong')
  await login({ username: 'no-such-person', password: 'wrong horse battery' }, 'unknown')
  const entries = (await auditEntries(db)).filter(({ request_id }) =>
    ['good', 'wrong', 'unknown'].includes(request_id)
  )
  const common = { action: 'user.logged_in', address: '127.0.0.1', detail: null }
  t.strictSame(entries, [
    {
      ...common,
      outcome: 'succeeded',
      actor_id: user.id,
      actor_name: 'Ann',
      subject_type: 'user',
      subject_id: user.id,
      request_id: 'good'
    },
    {
      ...common,
      outcome: 'failed',
      actor_id: null,
      actor_name: null,
      subject_type: 'user',
      subject_id: user.id,
      request_id: 'wrong'
    },
    {
      ...common,
      outcome: 'failed',
      actor_id: null,
      actor_name: null,
      subject_type: null,
      subject_id: null,
      request_id: 'unknown'
    }
  ])
})

import t from 'tap'
import { users } from '../../../src/db/tables/users.ts'
import { auditEntries } from '../../support/audit-log.ts'
import { countStatuses } from '../../support/status-counts.ts'
import { createTestApp, PASSWORD } from '../../support/test-app.ts'

const { request, db } = await createTestApp(t)
const register = (payload: object) =>
  request({ method: 'POST', url: '/api/v1/auth/register', payload })

t.test(
  'a username, an email, or both create an account, and the response logs it in',
  async (t) => {
    for (const person of [
      { username: 'ann' },
      { email: 'Bea@Example.com' },
      { username: 'Cid', email: 'cid@example.com', name: '  Cid Lee ' }
    ]) {
      const response = await register({ ...person, password: PASSWORD })
      t.equal(response.statusCode, 201)
      t.equal(response.headers['cache-control'], 'no-store')
      const { access_token, refresh_token, user, ...rest } = response.json()
      t.strictSame(rest, { token_type: 'Bearer', expires_in: 900 })
      t.match(refresh_token, /^[\w-]{43}$/)
      t.match(user, { role: 'user', email_verified: false })
      const me = await request({
        url: '/api/v1/me',
        headers: { authorization: `Bearer ${access_token}` }
      })
      t.strictSame(me.json(), user)
    }
  }
)

t.test(
  'an email is stored in lower case, a username as it is, a name without surrounding blanks',
  async (t) => {
    const { user } = (
      await register({
        username: 'Dora.D',
        email: 'Dora@EXAMPLE.com',
        name: ' Dora ',
        password: PASSWORD
      })
    ).json()
    t.match(user, { username: 'Dora.D', email: 'dora@example.com', name: 'Dora' })
  }
)

t.test(
  'an international email is one email in every spelling, and a host needs no dot',
  async (t) => {
    const spellings = [
      'Gus@B\u00fccher.example',
      'gus@xn--bcher-kva.example',
      'GUS@bu\u0308cher.example'
    ]
    const { user } = (await register({ email: spellings[0], password: PASSWORD })).json()
    t.equal(user.email, 'gus@xn--bcher-kva.example')
    for (const email of spellings) {
      t.match((await register({ email, password: PASSWORD })).json(), {
        status: 409,
        errors: [{ pointer: '/email' }]
      })
      const payload = { email, password: PASSWORD }
      const login = await request({ method: 'POST', url: '/api/v1/auth/login', payload })
      t.equal(login.json().user?.id, user.id, email)
    }
    const local = await register({ email: 'Gus@Intranet', password: PASSWORD })
    t.match(local.json(), { user: { email: 'gus@intranet' } })
    t.equal((await register({ email: 'gus@INTRANET', password: PASSWORD })).statusCode, 409)
  }
)

t.test('a taken username or email is rejected and named, regardless of case', async (t) => {
  await register({ username: 'eve', email: 'eve@example.com', password: PASSWORD })
  const taken = async (payload: object) => {
    const response = await register({ ...payload, password: PASSWORD })
    t.equal(response.statusCode, 409)
    t.equal(response.json().code, 'account_exists')
    return response.json().errors.map((error: { pointer: string }) => error.pointer)
  }
  t.strictSame(await taken({ username: 'EVE' }), ['/username'])
  t.strictSame(await taken({ email: 'Eve@Example.COM' }), ['/email'])
  t.strictSame(await taken({ username: 'Eve', email: 'EVE@example.com' }), ['/username', '/email'])
  t.strictSame(await taken({ username: 'newcomer', email: 'eve@example.com' }), ['/email'])
  t.strictSame(
    (await db.select({ name: users.username }).from(users)).filter(
      ({ name }) => name === 'newcomer'
    ),
    []
  )
})

t.test(
  'a request that violates the contract gets an error per field and creates no account',
  async (t) => {
    const before = await db.$count(users)
    const cases: [payload: object, fault: { pointer: string; code: string }][] = [
      [
        { username: 'fay', password: PASSWORD, role: 'admin' },
        { pointer: '/role', code: 'unknown_field' }
      ],
      [
        { username: 'fay@home', password: PASSWORD },
        { pointer: '/username', code: 'malformed' }
      ],
      [
        { username: 'fay lee', password: PASSWORD },
        { pointer: '/username', code: 'malformed' }
      ],
      [
        { email: 'fay', password: PASSWORD },
        { pointer: '/email', code: 'malformed' }
      ],
      [
        { email: 'fay@local_host', password: PASSWORD },
        { pointer: '/email', code: 'malformed' }
      ],
      [
        { email: 'fay@ex\u212aample.com', password: PASSWORD },
        { pointer: '/email', code: 'malformed' }
      ],
      [{ username: 'fay' }, { pointer: '/password', code: 'required' }],
      [
        { username: 'fay', password: 12345678 },
        { pointer: '/password', code: 'wrong_type' }
      ],
      [{ password: PASSWORD }, { pointer: '/username', code: 'required' }]
    ]
    for (const [payload, fault] of cases) {
      const response = await register(payload)
      t.equal(response.statusCode, 400, JSON.stringify(payload))
      t.match(response.json().errors, [{ in: 'body', ...fault }])
    }
    t.equal(await db.$count(users), before)
  }
)

t.test('of 100 parallel registrations of one email exactly one creates the account', async (t) => {
  const responses = await Promise.all(
    Array.from({ length: 100 }, (_, i) =>
      register({ email: i % 2 ? 'gus@example.com' : 'GUS@example.com', password: PASSWORD })
    )
  )
  const { 201: created, 409: taken = 0, 503: busy = 0 } = countStatuses(responses)
  t.equal(created, 1)
  t.equal(taken + busy, 99, 'the others get a 409 or a 503')
  t.equal(
    (await db.select({ email: users.email }).from(users)).filter(
      ({ email }) => email === 'gus@example.com'
    ).length,
    1
  )
})

t.test('registrations are in the audit log, successful or rejected', async (t) => {
  const h = await createTestApp(t)
  const sign = (request: string) =>
    h.request({
      method: 'POST',
      url: '/api/v1/auth/register',
      payload: { username: 'hal', password: PASSWORD },
      headers: { 'x-request-id': request }
    })
  const { user } = (await sign('first')).json()
  await sign('second')
  const common = { action: 'user.registered', address: '127.0.0.1' }
  t.match(await auditEntries(h.db), [
    {
      ...common,
      outcome: 'succeeded',
      actor_id: user.id,
      actor_name: 'hal',
      subject_type: 'user',
      subject_id: user.id,
      request_id: 'first'
    },
    {
      ...common,
      outcome: 'failed',
      actor_id: null,
      actor_name: null,
      subject_id: null,
      request_id: 'second'
    }
  ])
})

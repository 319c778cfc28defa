import t from 'tap'
import { auditEntries } from '../../support/audit-log.ts'
import { createTestApp, PASSWORD } from '../../support/test-app.ts'

const { request, db, signUp } = await createTestApp(t)
const FORM = { 'content-type': 'application/x-www-form-urlencoded' }
const token = (form: Record<string, string> | string, headers: Record<string, string> = {}) =>
  request({
    method: 'POST',
    url: '/api/v1/auth/token',
    payload: typeof form === 'string' ? form : new URLSearchParams(form).toString(),
    headers: { ...FORM, ...headers }
  })
const { user } = await signUp('user', 'ann')
await request({
  method: 'POST',
  url: '/api/v1/auth/register',
  payload: { email: 'bea@example.com', password: PASSWORD }
})

t.test('the password grant takes either identifier', async (t) => {
  const byName = await token({ grant_type: 'password', username: 'ANN', password: PASSWORD })
  t.equal(byName.statusCode, 200)
  t.equal(byName.headers['cache-control'], 'no-store')
  t.match(byName.json(), { token_type: 'Bearer', expires_in: 900, user: { id: user.id } })
  const byAddress = await token({
    grant_type: 'password',
    username: 'Bea@example.com',
    password: PASSWORD
  })
  t.match(byAddress.json(), { user: { email: 'bea@example.com' } })
})

t.test('the refresh grant uses up a refresh token, whichever route issued it', async (t) => {
  const { refresh_token } = (
    await request({
      method: 'POST',
      url: '/api/v1/auth/login',
      payload: { username: 'ann', password: PASSWORD }
    })
  ).json()
  const next = await token({ grant_type: 'refresh_token', refresh_token })
  t.equal(next.statusCode, 200)
  t.not(next.json().refresh_token, refresh_token)
  const again = await token({ grant_type: 'refresh_token', refresh_token })
  t.match(again.json(), { status: 400, code: 'invalid_grant', error: 'invalid_grant' })
})

t.test(
  'scope, client fields and the empty client of Swagger UI are accepted and ignored',
  async (t) => {
    const response = await token(
      {
        grant_type: 'password',
        username: 'ann',
        password: PASSWORD,
        scope: '',
        client_id: 'x',
        client_secret: 'y'
      },
      { authorization: 'Basic Og==' }
    )
    t.equal(response.statusCode, 200)
  }
)

t.test(
  'bad credentials are invalid_grant, as a problem or as plain JSON, depending on Accept',
  async (t) => {
    const wrong = { grant_type: 'password', username: 'ann', password: 'wrong horse battery' }
    const plain = await token(wrong)
    t.equal(plain.statusCode, 400)
    t.equal(plain.headers['www-authenticate'], undefined)
    t.equal(plain.headers['cache-control'], 'no-store')
    t.match(plain.headers['content-type'], /^application\/problem\+json/)
    t.match(plain.json(), {
      code: 'invalid_grant',
      error: 'invalid_grant',
      error_description: String
    })
    t.match(
      (await token(wrong, { accept: 'application/json' })).headers['content-type'],
      /^application\/json/
    )
    t.match(
      (await token(wrong, { accept: 'application/json, application/problem+json' })).headers[
        'content-type'
      ],
      /^application\/problem\+json/
    )
    t.equal((await token({ ...wrong, username: 'nobody' })).json().detail, plain.json().detail)
  }
)

t.test('missing and superfluous form fields get the errors of RFC 6749', async (t) => {
  const cases: [form: Record<string, string> | string, error: string, pointer: string][] = [
    [{ grant_type: 'password', password: PASSWORD }, 'invalid_request', '/username'],
    [{ grant_type: 'password', username: 'ann' }, 'invalid_request', '/password'],
    [{ grant_type: 'refresh_token' }, 'invalid_request', '/refresh_token'],
    [{ username: 'ann', password: PASSWORD }, 'invalid_request', '/grant_type'],
    [{ grant_type: 'client_credentials' }, 'unsupported_grant_type', '/grant_type'],
    [
      { grant_type: 'password', username: 'ann', password: PASSWORD, role: 'admin' },
      'invalid_request',
      '/role'
    ],
    [
      `grant_type=password&username=ann&password=x&password=${encodeURIComponent(PASSWORD)}`,
      'invalid_request',
      '/password'
    ],
    ['grant_type=password&username=ann&password=%FF%FE', 'invalid_request', '/password'],
    ['grant_type=password&username=an%00n&password=x', 'invalid_request', '/username']
  ]
  for (const [form, error, pointer] of cases) {
    const response = await token(form)
    t.match(response.json(), { status: 400, error, errors: [{ pointer }] }, String(form))
  }
  t.equal(
    (
      await request({
        method: 'POST',
        url: '/api/v1/auth/token',
        payload: { grant_type: 'password' }
      })
    ).statusCode,
    415
  )
})

t.test('attempts by form are audited like any other', async (t) => {
  const headers = { 'x-request-id': 'by-form' }
  await token({ grant_type: 'password', username: 'ann', password: PASSWORD }, headers)
  await token({ grant_type: 'password', username: 'ann', password: 'wrong horse battery' }, headers)
  const entries = (await auditEntries(db)).filter(({ request_id }) => request_id === 'by-form')
  t.match(entries, [
    { action: 'user.logged_in', outcome: 'succeeded', actor_id: user.id },
    { action: 'user.logged_in', outcome: 'failed', subject_id: user.id }
  ])
})

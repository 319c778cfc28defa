import { eq } from 'drizzle-orm'
import t from 'tap'
import { oneTimeCodes } from '../../../src/db/tables/one-time-codes.ts'
import { users } from '../../../src/db/tables/users.ts'
import { auditEntries, summarize } from '../../support/audit-log.ts'
import { advanceCodeTime, codeTo, emailsTo, refusal, wrongCode } from '../../support/emails.ts'
import { countStatuses } from '../../support/status-counts.ts'
import { createTestApp, PASSWORD } from '../../support/test-app.ts'

const ANN = 'ann@example.com'

async function open(
  t: Parameters<typeof createTestApp>[0],
  mode: 'off' | 'optional' | 'required',
  env: Record<string, string> = {}
) {
  const h = await createTestApp(t, { env: { EMAIL_VERIFICATION: mode, ...env } })
  const post = (path: string, payload: object) =>
    h.request({ method: 'POST', url: `/api/v1/auth/${path}`, payload })
  return {
    ...h,
    post,
    confirm: (email: string, otp: string) => post('verify-email', { email, otp }),
    login: () => post('login', { username: 'ann', password: PASSWORD })
  }
}

t.test('a new account gets a code by email, which confirms it once', async (t) => {
  const h = await open(t, 'optional')
  const ann = await h.signUp('user', 'ann', { email: 'Ann@example.com', name: 'Ann' })
  t.equal(ann.user.email_verified, false)
  t.match((await emailsTo(h.mail, ANN))[0], {
    subject: 'Confirm your email address',
    text: 'Hello,'
  })
  t.equal((await ann.get('/api/v1/tasks')).statusCode, 200, 'nothing is restricted before')
  const code = await codeTo(h.mail, ANN)
  t.equal((await h.confirm('ANN@example.com', code)).statusCode, 204)
  t.equal((await ann.get('/api/v1/me')).json().email_verified, true)
  t.equal((await h.confirm(ANN, code)).statusCode, 400)
  t.strictSame(
    (await auditEntries(h.db)).map((entry) => [summarize(entry), entry.actor_id]),
    [
      ['user.registered', ann.user.id],
      ['user.email_verified', ann.user.id],
      ['user.email_verified failed', null]
    ]
  )
})

t.test(
  'a wrong code, another email, an expired code and one attempt too many get the same response',
  async (t) => {
    const h = await open(t, 'optional')
    await h.signUp('user', 'ann', { email: ANN })
    const code = await codeTo(h.mail, ANN)
    const rejections = [await h.confirm('nobody@example.com', code)]
    for (let i = 0; i < 5; i++) {
      rejections.push(await h.confirm(ANN, wrongCode(code)))
    }
    rejections.push(await h.confirm(ANN, code))
    await advanceCodeTime(h.db, '61 seconds')
    t.equal((await h.post('verify-email/resend', { email: ANN })).statusCode, 202)
    const next = await codeTo(h.mail, ANN)
    await advanceCodeTime(h.db, '10 minutes')
    rejections.push(await h.confirm(ANN, next))
    t.strictSame(rejections.map(refusal), Array(8).fill(refusal(rejections[0] as never)))
    t.equal((await h.db.select().from(users).where(eq(users.email, ANN)))[0]?.email_verified, false)
  }
)

t.test(
  'another code is sent on request, at most one a minute, and does not reveal who has an account',
  async (t) => {
    const h = await open(t, 'optional')
    await h.signUp('user', 'ann', { email: ANN })
    const first = await codeTo(h.mail, ANN)
    const resend = (email: string) => h.post('verify-email/resend', { email })
    t.equal((await resend(ANN)).statusCode, 202)
    t.equal((await emailsTo(h.mail, ANN)).length, 1, 'too soon')
    await advanceCodeTime(h.db, '61 seconds')
    const responses = [await resend(ANN), await resend('nobody@example.com')]
    t.strictSame(
      responses.map((response) => [response.statusCode, response.body]),
      [
        [202, ''],
        [202, '']
      ]
    )
    t.equal((await emailsTo(h.mail, ANN)).length, 2)
    t.equal((await h.confirm(ANN, first)).statusCode, 400, 'only the newest code works')
    t.equal((await h.confirm(ANN, await codeTo(h.mail, ANN))).statusCode, 204)
    await advanceCodeTime(h.db, '61 seconds')
    await resend(ANN)
    t.equal((await emailsTo(h.mail, ANN)).length, 2, 'a confirmed email gets no more codes')
    t.equal(h.mail.sentMessages().length, 2)
  }
)

t.test('where verification or email is off, no code is created', async (t) => {
  for (const [mode, env] of [
    ['off', {}],
    ['optional', { EMAIL_ENABLED: 'off' }]
  ] as const) {
    const h = await open(t, mode, env)
    await h.signUp('user', 'ann', { email: ANN })
    t.equal((await h.post('verify-email/resend', { email: ANN })).statusCode, 202)
    t.strictSame(await emailsTo(h.mail, ANN), [])
    t.equal(await h.db.$count(oneTimeCodes), 0)
    t.equal((await h.login()).statusCode, 200)
  }
})

t.test(
  'where verification is required, an unconfirmed account can only manage its email until it is confirmed',
  async (t) => {
    const h = await open(t, 'required')
    const ann = await h.signUp('user', 'ann', { email: ANN })
    const rejected = await h.login()
    t.match(rejected.json(), { status: 403, code: 'email_unverified' })
    t.match(
      (await h.post('login', { username: 'ann', password: 'a wrong password' })).json(),
      { status: 401 },
      'a wrong password reveals nothing'
    )
    const form = await h.request({
      method: 'POST',
      url: '/api/v1/auth/token',
      payload: `grant_type=password&username=ann&password=${encodeURIComponent(PASSWORD)}`,
      headers: { 'content-type': 'application/x-www-form-urlencoded' }
    })
    t.match(form.json(), { status: 403, code: 'email_unverified', error: 'invalid_grant' })
    t.match((await ann.get('/api/v1/tasks')).json(), { status: 403, code: 'email_unverified' })
    t.match(
      (
        await ann.post('/api/v1/me/api-keys', {
          name: 'Key',
          scopes: ['tasks:read'],
          expires_at: new Date(Date.now() + 86_400_000).toISOString()
        })
      ).json(),
      { code: 'email_unverified' }
    )
    t.equal((await ann.get('/api/v1/me')).statusCode, 200)
    t.equal((await h.confirm(ANN, await codeTo(h.mail, ANN))).statusCode, 204)
    t.equal((await ann.get('/api/v1/tasks')).statusCode, 200)
    t.equal((await h.login()).statusCode, 200)
    t.ok(
      (await auditEntries(h.db)).some(
        (entry) => summarize(entry) === 'user.logged_in refused' && entry.subject_id === ann.user.id
      )
    )
  }
)

t.test(
  'the code of an email may be typed in groups, and what cannot be one is rejected',
  async (t) => {
    const h = await open(t, 'optional')
    await h.signUp('user', 'ann', { email: ANN })
    const code = await codeTo(h.mail, ANN)
    for (const otp of ['no code', '1234567', `${code}1`]) {
      t.match((await h.confirm(ANN, otp)).json(), { status: 400, errors: [{ pointer: '/otp' }] })
    }
    t.equal((await h.db.select().from(oneTimeCodes))[0]?.attempts, 0)
    const wide = [...code].map((digit) => String.fromCharCode(digit.charCodeAt(0) + 0xfee0))
    t.equal((await h.confirm(ANN, wide.join('\u3000'))).statusCode, 204)
  }
)

t.test('where verification is required, no account is without an email', async (t) => {
  const h = await open(t, 'required')
  for (const name of [{}, { username: 'bob' }, { username: 'bob', name: 'Bob' }]) {
    const response = await h.post('register', { ...name, password: PASSWORD })
    t.match(response.json(), {
      status: 400,
      code: 'invalid_request',
      errors: [{ in: 'body', pointer: '/email', code: 'required' }]
    })
  }
  t.equal(await h.db.$count(users), 0)
  const ann = await h.signUp('user', 'ann', { email: ANN })
  const cleared = await ann.send({
    method: 'PATCH',
    url: '/api/v1/me',
    payload: { email: null, current_password: PASSWORD }
  })
  t.match(cleared.json(), { status: 400, errors: [{ pointer: '/email' }] })
  t.match((await ann.get('/api/v1/me')).json(), { email: ANN })
})

t.test('the right code in fifty parallel requests confirms once', async (t) => {
  const h = await open(t, 'optional')
  await h.signUp('user', 'ann', { email: ANN })
  const code = await codeTo(h.mail, ANN)
  const responses = await Promise.all(Array.from({ length: 50 }, () => h.confirm(ANN, code)))
  t.strictSame(countStatuses(responses), { 204: 1, 400: 49 })
})

t.test(
  'creating and deleting accounts does not flood a mailbox: at most thirty emails an hour to one address',
  async (t) => {
    const h = await open(t, 'optional')
    for (let i = 0; i < 32; i++) {
      const ann = await h.signUp('user', 'ann', { email: ANN })
      t.equal(
        (await ann.send({ method: 'DELETE', url: '/api/v1/me', payload: { password: PASSWORD } }))
          .statusCode,
        204
      )
    }
    t.equal((await emailsTo(h.mail, ANN)).length, 30)
    t.notMatch(JSON.stringify(await h.db.select().from(oneTimeCodes)), ANN)
  }
)

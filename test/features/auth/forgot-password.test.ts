import { eq } from 'drizzle-orm'
import t from 'tap'
import { oneTimeCodes } from '../../../src/db/tables/one-time-codes.ts'
import { users } from '../../../src/db/tables/users.ts'
import { auditEntries, summarize } from '../../support/audit-log.ts'
import { codeTo, emailsTo, refusal } from '../../support/emails.ts'
import { createTestApp } from '../../support/test-app.ts'

const ANN = 'ann@example.com'
const VERIFICATION_OFF = { EMAIL_VERIFICATION: 'off' }
type TestApp = Awaited<ReturnType<typeof createTestApp>>

const forgot = ({ request }: Pick<TestApp, 'request'>, email: string, headers = {}) =>
  request({ method: 'POST', url: '/api/v1/auth/forgot-password', payload: { email }, headers })
const check = ({ request }: Pick<TestApp, 'request'>, reset_id: string, otp: string) =>
  request({ method: 'POST', url: '/api/v1/auth/verify-otp', payload: { reset_id, otp } })

t.test(
  'a code is sent to the stored email, as text and as HTML, and is exchanged for a token',
  async (t) => {
    const h = await createTestApp(t, { env: VERIFICATION_OFF })
    const ann = await h.signUp('user', 'ann', { email: 'Ann@Example.com', name: 'Ann <b>Lee' })
    await h.db.update(users).set({ email_verified: true }).where(eq(users.id, ann.user.id))
    const requested = await forgot(h, 'ANN@example.COM')
    t.equal(requested.statusCode, 202)
    t.equal(requested.headers['cache-control'], 'no-store')
    const emails = await emailsTo(h.mail, ANN)
    t.equal(emails.length, 1)
    const code = await codeTo(h.mail, ANN)
    t.match(emails[0], {
      subject: 'Your password reset code',
      text: 'Hello Ann <b>Lee,',
      html: 'Hello Ann &lt;b&gt;Lee,'
    })
    t.ok(emails[0]?.html.includes(code))
    const response = await check(h, requested.json().reset_id, code)
    t.equal(response.statusCode, 200)
    t.equal(response.headers['cache-control'], 'no-store')
    t.match(response.json().reset_token, /^[A-Za-z0-9_-]{43}$/)
    t.strictSame(
      (await auditEntries(h.db, 'user.registered')).map((entry) => [
        summarize(entry),
        entry.actor_id,
        entry.subject_id
      ]),
      [
        ['user.reset_requested', null, ann.user.id],
        ['user.reset_code_checked', null, ann.user.id]
      ]
    )
  }
)

t.test('the response does not reveal whether an email has an account', async (t) => {
  const h = await createTestApp(t, { env: VERIFICATION_OFF })
  await h.signUp('user', 'ann', { email: ANN })
  const bob = await h.signUp('user', 'bob', { email: 'bob@example.com' })
  await h.db.update(users).set({ disabled: true }).where(eq(users.id, bob.user.id))
  const responses = await Promise.all(
    [ANN, 'nobody@example.com', 'bob@example.com'].map((email) => forgot(h, email))
  )
  t.strictSame(
    responses.map((response) => [
      response.statusCode,
      Object.keys(response.json()),
      response.body.length
    ]),
    Array(3).fill([202, ['reset_id'], responses[0]?.body.length])
  )
  t.strictSame((await emailsTo(h.mail, ANN)).length, 1)
  t.strictSame(h.mail.sentMessages().length, 1, 'only enabled accounts get an email')
  const rejections = await Promise.all(
    responses.map((response) => check(h, response.json().reset_id, '00000000'))
  )
  t.strictSame(rejections.map(refusal), Array(3).fill(refusal(rejections[0] as never)))
  t.match(refusal(rejections[0] as never), { status: 400, code: 'invalid_code' })
  const rows = await h.db.select().from(oneTimeCodes)
  t.equal(rows.filter((row) => row.user_id === null).length, 2)
  t.notMatch(JSON.stringify(rows), '@', 'the email is not stored in plain text')
})

t.test('an email that only looks like the stored one is another email', async (t) => {
  const h = await createTestApp(t, { env: VERIFICATION_OFF })
  await h.signUp('user', 'kim', { email: 'kim@example.com' })
  for (const twin of [
    '\u212aim@example.com',
    'k\u0131m@example.com',
    ' kim@example.com',
    'kim@example.com\r\nBcc: eve@example.com',
    'kim@example.com,eve@example.com'
  ]) {
    t.equal((await forgot(h, twin)).statusCode, 400, twin)
  }
  t.strictSame(await emailsTo(h.mail, 'kim@example.com'), [])
})

t.test('emails link to PUBLIC_URL only, never to what a request claims', async (t) => {
  const evil = {
    host: 'evil.example',
    'x-forwarded-host': 'evil.example',
    'x-forwarded-proto': 'http',
    forwarded: 'host=evil.example'
  }
  for (const [env, link] of [
    [{ PUBLIC_URL: 'https://tasks.example.com' }, '<a href="https://tasks.example.com">'],
    [{}, undefined]
  ] as const) {
    const h = await createTestApp(t, { env: { ...VERIFICATION_OFF, ...env } })
    await h.signUp('user', 'ann', { email: ANN })
    await forgot(h, ANN, evil)
    const [email] = await emailsTo(h.mail, ANN)
    t.equal(/<a href="[^"]*">/.exec(email?.html ?? '')?.[0], link)
    t.notMatch(JSON.stringify(email), 'evil.example')
  }
})

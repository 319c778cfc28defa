import { eq } from 'drizzle-orm'
import t from 'tap'
import { oneTimeCodes } from '../../../src/db/tables/one-time-codes.ts'
import { users } from '../../../src/db/tables/users.ts'
import { auditEntries, summarize } from '../../support/audit-log.ts'
import { codeTo, emailsTo, refusal } from '../../support/emails.ts'
import { createTestApp } from '../../support/test-app.ts'

const ANN = 'ann@example.com'
const VERIFICATION_OFF = { EMAIL_VERIFICATION: 'off' }
type House = Awaited<ReturnType<typeof createTestApp>>

const forgot = ({ request }: Pick<House, 'request'>, email: string, headers = {}) =>
  request({ method: 'POST', url: '/api/v1/auth/forgot-password', payload: { email }, headers })
const check = ({ request }: Pick<House, 'request'>, reset_id: string, otp: string) =>
  request({ method: 'POST', url: '/api/v1/auth/verify-otp', payload: { reset_id, otp } })

t.test(
  'a code goes to the stored address, as text and as HTML, and is exchanged for a token',
  async (t) => {
    const h = await createTestApp(t, { env: VERIFICATION_OFF })
    const ann = await h.signUp('user', 'ann', { email: 'Ann@Example.com', name: 'Ann <b>Lee</b>' })
    const asked = await forgot(h, 'ANN@example.COM')
    t.equal(asked.statusCode, 202)
    t.equal(asked.headers['cache-control'], 'no-store')
    const letters = await emailsTo(h.mail, ANN)
    t.equal(letters.length, 1)
    const code = await codeTo(h.mail, ANN)
    t.match(letters[0], {
      subject: 'Your password reset code',
      text: 'Hello Ann <b>Lee</b>,',
      html: 'Hello Ann &lt;b&gt;Lee&lt;/b&gt;,'
    })
    t.ok(letters[0]?.html.includes(code))
    const answer = await check(h, asked.json().reset_id, code)
    t.equal(answer.statusCode, 200)
    t.equal(answer.headers['cache-control'], 'no-store')
    t.match(answer.json().reset_token, /^[A-Za-z0-9_-]{43}$/)
    t.strictSame(
      (await auditEntries(h.db, 'user.registered')).map((fact) => [
        summarize(fact),
        fact.actor_id,
        fact.subject_id
      ]),
      [
        ['user.reset_requested', null, ann.user.id],
        ['user.reset_code_checked', null, ann.user.id]
      ]
    )
  }
)

t.test('nobody is told whether an address has an account', async (t) => {
  const h = await createTestApp(t, { env: VERIFICATION_OFF })
  await h.signUp('user', 'ann', { email: ANN })
  const bob = await h.signUp('user', 'bob', { email: 'bob@example.com' })
  await h.db.update(users).set({ disabled: true }).where(eq(users.id, bob.user.id))
  const answers = await Promise.all(
    [ANN, 'nobody@example.com', 'bob@example.com'].map((email) => forgot(h, email))
  )
  t.strictSame(
    answers.map((answer) => [answer.statusCode, Object.keys(answer.json()), answer.body.length]),
    Array(3).fill([202, ['reset_id'], answers[0]?.body.length])
  )
  t.strictSame((await emailsTo(h.mail, ANN)).length, 1)
  t.strictSame(
    h.mail.sentMessages().length,
    1,
    'only people with an account that works get a letter'
  )
  const refusals = await Promise.all(
    answers.map((answer) => check(h, answer.json().reset_id, '00000000'))
  )
  t.strictSame(refusals.map(refusal), Array(3).fill(refusal(refusals[0] as never)))
  t.match(refusal(refusals[0] as never), { status: 400, code: 'invalid_code' })
  const rows = await h.db.select().from(oneTimeCodes)
  t.equal(rows.filter((row) => row.user_id === null).length, 2)
  t.notMatch(JSON.stringify(rows), '@', 'what was asked for is not kept in clear')
})

t.test('an address that only looks like the stored one is none', async (t) => {
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

t.test(
  'a letter says where the installation is by PUBLIC_URL alone, never by what a request claims',
  async (t) => {
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
      const [letter] = await emailsTo(h.mail, ANN)
      t.equal(/<a href="[^"]*">/.exec(letter?.html ?? '')?.[0], link)
      t.notMatch(JSON.stringify(letter), 'evil.example')
    }
  }
)

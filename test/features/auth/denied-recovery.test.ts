import { sql } from 'drizzle-orm'
import t from 'tap'
import { loginThrottle } from '../../../src/db/tables/login-throttle.ts'
import { oneTimeCodes } from '../../../src/db/tables/one-time-codes.ts'
import { advanceCodeTime, codeTo, emailsTo, wrongCode } from '../../support/emails.ts'
import { createTestApp, PASSWORD } from '../../support/test-app.ts'

const ANN = 'ann@example.com'
const NEW = 'a staple that is correct'
const HOME = '198.51.100.7'
const STRANGER = '203.0.113.66'

/** The account of Ann, who has signed up at home. */
async function appWithAnn(
  t: Parameters<typeof createTestApp>[0],
  env: Record<string, string> = {}
) {
  const h = await createTestApp(t, {
    env: {
      RATE_LIMIT: 'on',
      RATE_LIMIT_AUTH: '100000',
      RATE_LIMIT_EMAILS: '100000',
      RATE_LIMIT_EMAILS_TOTAL: '100000',
      IP_BAN_ALLOWLIST: '0.0.0.0/1, 128.0.0.0/1, 2000::/3',
      EMAIL_VERIFICATION: 'off',
      ...env
    }
  })
  const post = (remoteAddress: string, path: string, payload: object) =>
    h.request({ method: 'POST', url: `/api/v1/auth/${path}`, payload, remoteAddress })
  const forgot = async (from: string, email = ANN): Promise<string> =>
    (await post(from, 'forgot-password', { email })).json().reset_id
  const verify = (from: string, reset_id: string, otp: string) =>
    post(from, 'verify-otp', { reset_id, otp })
  await post(HOME, 'register', { username: 'ann', email: ANN, password: PASSWORD })
  return { ...h, post, forgot, verify }
}
type TestApp = Awaited<ReturnType<typeof appWithAnn>>

/** Resets the password from an address and returns the response of the last step. */
async function reset(h: TestApp, from: string) {
  const reset_id = await h.forgot(from)
  const verified = await h.verify(from, reset_id, await codeTo(h.mail, ANN))
  const { reset_token } = verified.json()
  return h.post(from, 'reset-password', { reset_token, new_password: NEW })
}

t.test(
  'a stranger who asks as well has another id, and cannot use up the attempts of the owner',
  async (t) => {
    const h = await appWithAnn(t)
    const own = await h.forgot(HOME)
    const code = await codeTo(h.mail, ANN)
    for (const from of [STRANGER, HOME]) {
      const foreign = await h.forgot(from)
      t.not(foreign, own)
      for (let i = 0; i < 6; i++) {
        t.equal((await h.verify(from, foreign, wrongCode(code))).statusCode, 400)
      }
    }
    t.equal((await h.verify(HOME, own, code)).statusCode, 200, 'and the code of the owner goes on')
  }
)

t.test(
  'wrong codes of strangers on any number of requests leave the owner all attempts',
  async (t) => {
    const h = await appWithAnn(t)
    for (let i = 0; i < 6; i++) {
      const id = await h.forgot(STRANGER)
      for (let tries = 0; tries < 5; tries++) {
        await h.verify(STRANGER, id, '00000000')
      }
      await advanceCodeTime(h.db, '61 seconds')
    }
    t.equal((await reset(h, HOME)).statusCode, 204)
  }
)

t.test(
  'requests of strangers cost the owner no email, however many networks they have',
  async (t) => {
    const h = await appWithAnn(t)
    for (let i = 0; i < 40; i++) {
      await h.forgot(`203.0.113.${i + 1}`)
      await h.forgot(`2001:db8:${i}::1`)
    }
    const ofStrangers = (await emailsTo(h.mail, ANN)).length
    t.equal(ofStrangers, 8)
    t.equal((await reset(h, HOME)).statusCode, 204, 'from where the account was registered')
  }
)

t.test(
  'a stranger with one network, or a whole /48, leaves emails to an owner who is elsewhere',
  async (t) => {
    const h = await appWithAnn(t)
    for (let i = 0; i < 10; i++) {
      await h.forgot(STRANGER)
      await h.forgot(`2001:db8:0:${i}::1`)
      await advanceCodeTime(h.db, '61 seconds')
    }
    t.ok((await emailsTo(h.mail, ANN)).length <= 6)
    t.equal((await reset(h, '192.0.2.99')).statusCode, 204)
  }
)

t.test('a colleague who has logged in to the account leaves an email to its owner', async (t) => {
  const h = await appWithAnn(t)
  const office = '192.0.2.5'
  await h.post(office, 'login', { username: 'ann', password: PASSWORD })
  for (let i = 0; i < 12; i++) {
    await h.forgot(office)
    await h.forgot(`203.0.113.${i + 1}`)
    await advanceCodeTime(h.db, '61 minutes')
  }
  t.ok((await emailsTo(h.mail, ANN)).length <= 18)
  t.equal((await reset(h, HOME)).statusCode, 204)
})

t.test('an account has at most twenty ids with a code in a day', async (t) => {
  const h = await appWithAnn(t)
  const offices = ['192.0.2.5', '192.0.2.6', '192.0.2.7']
  for (const office of offices) {
    await h.post(office, 'login', { username: 'ann', password: PASSWORD })
  }
  for (let i = 0; i < 12; i++) {
    for (const from of [...offices, HOME, `203.0.113.${i + 1}`]) {
      await h.forgot(from)
    }
    await advanceCodeTime(h.db, '61 minutes')
  }
  t.equal(await h.db.$count(oneTimeCodes), 20)
  t.equal((await emailsTo(h.mail, ANN)).length, 20)
})

t.test(
  'a finished reset opens the account where it was done, whatever strangers have failed',
  async (t) => {
    const h = await appWithAnn(t)
    const login = (from: string, password: string) =>
      h.post(from, 'login', { username: 'ann', password })
    for (let i = 0; i < 6; i++) {
      await login(STRANGER, 'a wrong password')
      await h.post(STRANGER, 'login', { email: ANN, password: 'a wrong password' })
      await login('192.0.2.99', 'a wrong password')
    }
    await h.db
      .update(loginThrottle)
      .set({ failures: 130 })
      .where(sql`${loginThrottle.network} = '*'`)
    t.equal((await login('192.0.2.98', PASSWORD)).statusCode, 429, 'closed to new networks')
    t.equal((await login(HOME, PASSWORD)).statusCode, 200, 'where it was opened before')
    t.equal((await reset(h, '192.0.2.99')).statusCode, 204)
    t.equal((await login('192.0.2.99', NEW)).statusCode, 200)
    const byEmail = await h.post('192.0.2.99', 'login', { email: ANN, password: NEW })
    t.equal(byEmail.statusCode, 200)
    t.equal((await login(STRANGER, NEW)).statusCode, 429, 'the network that failed stays blocked')
  }
)

t.test('after a hundred failures the network that registered an account logs in', async (t) => {
  const h = await appWithAnn(t)
  await h.post(STRANGER, 'login', { username: 'ann', password: 'a wrong password' })
  await h.db.update(loginThrottle).set({ failures: 200 }).where(sql`${loginThrottle.network} = '*'`)
  t.equal((await h.post(HOME, 'login', { username: 'ann', password: PASSWORD })).statusCode, 200)
  t.equal((await h.post(HOME, 'login', { email: ANN, password: PASSWORD })).statusCode, 200)
})

t.test('strangers cannot use up emails and attempts of who has to confirm an email', async (t) => {
  const h = await appWithAnn(t, { EMAIL_VERIFICATION: 'required' })
  const first = await codeTo(h.mail, ANN)
  const confirm = (from: string, otp: string) => h.post(from, 'verify-email', { email: ANN, otp })
  for (let i = 0; i < 20; i++) {
    await h.post(`203.0.113.${i + 1}`, 'verify-email/resend', { email: ANN })
    await confirm(`203.0.113.${i + 1}`, wrongCode(first))
  }
  await advanceCodeTime(h.db, '61 seconds')
  const before = (await emailsTo(h.mail, ANN)).length
  await h.post(HOME, 'verify-email/resend', { email: ANN })
  t.equal((await emailsTo(h.mail, ANN)).length, before + 1)
  const code = await codeTo(h.mail, ANN)
  for (let i = 0; i < 6; i++) {
    await confirm(STRANGER, wrongCode(code))
  }
  t.equal((await confirm(HOME, code)).statusCode, 204)
})

t.test('claims of strangers to an email do not keep its account from confirming it', async (t) => {
  const h = await createTestApp(t, { env: { EMAIL_VERIFICATION: 'optional' } })
  const confirm = (payload: object) =>
    h.request({ method: 'POST', url: '/api/v1/auth/verify-email', payload })
  for (let i = 0; i < 8; i++) {
    const eve = await h.signUp('user', `eve-${i}`)
    const payload = { email: ANN, current_password: PASSWORD }
    t.equal((await eve.send({ method: 'PATCH', url: '/api/v1/me', payload })).statusCode, 200)
  }
  const ann = await h.signUp('user', 'ann', { email: ANN })
  t.equal((await confirm({ email: ANN, otp: await codeTo(h.mail, ANN) })).statusCode, 204)
  t.match((await ann.get('/api/v1/me')).json(), { email: ANN, email_verified: true })
})

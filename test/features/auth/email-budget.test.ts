import { sql } from 'drizzle-orm'
import { pino } from 'pino'
import t from 'tap'
import { scheduledTasks } from '../../../src/background.ts'
import { createMetrics } from '../../../src/core/metrics.ts'
import { emailCounters } from '../../../src/db/tables/email-counters.ts'
import { codeTo, emailsTo } from '../../support/emails.ts'
import { countStatuses } from '../../support/status-counts.ts'
import { createTestApp, PASSWORD } from '../../support/test-app.ts'

const HOME = '198.51.100.7'
const STRANGER = '203.0.113.66'

async function open(t: Parameters<typeof createTestApp>[0], env: Record<string, string> = {}) {
  const metrics = createMetrics()
  const h = await createTestApp(t, {
    env: {
      RATE_LIMIT: 'on',
      RATE_LIMIT_AUTH: '100000',
      IP_BAN_ALLOWLIST: '0.0.0.0/1, 128.0.0.0/1, 2000::/3',
      ...env
    },
    deps: { metrics }
  })
  const post = (remoteAddress: string, path: string, payload: object) =>
    h.request({ method: 'POST', url: `/api/v1/auth/${path}`, payload, remoteAddress })
  const register = (from: string, name: string) =>
    post(from, 'register', { username: name, email: `${name}@example.com`, password: PASSWORD })
  const counted = async (outcome: string) =>
    new RegExp(`tasklane_emails_total{outcome="${outcome}"} (\\d+)`).exec(
      await metrics.registry.metrics()
    )?.[1]
  const advance = (span: string) =>
    h.db.update(emailCounters).set({
      window_started_at: sql`${emailCounters.window_started_at} - ${span}::interval`
    })
  return { ...h, post, register, counted, advance }
}

t.test('one network gets thirty emails an hour, and the same responses beyond', async (t) => {
  const h = await open(t)
  const responses = []
  for (let i = 0; i < 32; i++) {
    responses.push(await h.register(STRANGER, `eve-${i}`))
  }
  t.strictSame(countStatuses(responses), { 201: 32 })
  await emailsTo(h.mail, '')
  t.equal(h.mail.sentMessages().length, 30)
  t.equal(
    (await h.post(STRANGER, 'forgot-password', { email: 'eve-0@example.com' })).statusCode,
    202
  )
  t.equal((await emailsTo(h.mail, 'eve-0@example.com')).length, 1)
  t.equal(await h.counted('network_limited'), '3')
  await h.register(HOME, 'ann')
  t.equal((await emailsTo(h.mail, 'ann@example.com')).length, 1, 'others have their own')
  await h.advance('61 minutes')
  await h.post(STRANGER, 'verify-email/resend', { email: 'eve-31@example.com' })
  t.equal((await emailsTo(h.mail, 'eve-31@example.com')).length, 1)
})

t.test('parallel requests of a network get no more emails than it may have', async (t) => {
  const h = await open(t, { RATE_LIMIT_EMAILS: '5' })
  for (let i = 0; i < 20; i++) {
    await h.register(HOME, `ann-${i}`)
  }
  const before = h.mail.sentMessages().length
  await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      h.post(STRANGER, 'forgot-password', { email: `ann-${i}@example.com` })
    )
  )
  await emailsTo(h.mail, '')
  t.equal(h.mail.sentMessages().length - before, 5)
})

t.test(
  'the budget of a network does not show whether an email belongs to an account',
  async (t) => {
    const h = await open(t, { RATE_LIMIT_EMAILS: '5' })
    await h.register(HOME, 'ann')
    await h.register(HOME, 'bob')
    for (const [from, asked] of [
      ['203.0.113.1', 'ann@example.com'],
      ['203.0.113.2', 'nobody@example.com']
    ] as const) {
      const before = (await emailsTo(h.mail, 'bob@example.com')).length
      for (let i = 0; i < 5; i++) {
        await h.post(from, 'forgot-password', { email: asked })
      }
      await h.post(from, 'forgot-password', { email: 'bob@example.com' })
      t.equal((await emailsTo(h.mail, 'bob@example.com')).length, before, asked)
    }
  }
)

t.test(
  'half of the emails of the installation is kept for where accounts were opened',
  async (t) => {
    const h = await open(t, { RATE_LIMIT_EMAILS_TOTAL: '8', EMAIL_VERIFICATION: 'off' })
    for (let i = 0; i < 6; i++) {
      await h.register(HOME, `ann-${i}`)
    }
    for (let i = 0; i < 6; i++) {
      await h.post(`203.0.113.${i + 1}`, 'forgot-password', { email: `ann-${i}@example.com` })
    }
    await emailsTo(h.mail, '')
    t.equal(h.mail.sentMessages().length, 4)
    t.equal(await h.counted('installation_limited'), '2')
    for (let i = 0; i < 6; i++) {
      await h.post(HOME, 'forgot-password', { email: `ann-${i}@example.com` })
    }
    await emailsTo(h.mail, '')
    t.equal(h.mail.sentMessages().length, 8)
    await h.advance('61 seconds')
    await h.post('203.0.113.9', 'forgot-password', { email: 'ann-5@example.com' })
    t.equal((await emailsTo(h.mail, 'ann-5@example.com')).length, 1)
  }
)

t.test('a change of email beyond the budget says so', async (t) => {
  const h = await open(t, { RATE_LIMIT_EMAILS: '1' })
  const ann = await h.signUp('user', 'ann', { email: 'ann@example.com' })
  const payload = { email: 'lee@example.com', current_password: PASSWORD }
  const response = await ann.send({ method: 'PATCH', url: '/api/v1/me', payload })
  t.match(response.json(), { status: 429, code: 'too_many_codes' })
})

t.test('RATE_LIMIT=off switches the budget off', async (t) => {
  const h = await open(t, {
    RATE_LIMIT: 'off',
    RATE_LIMIT_EMAILS: '1',
    RATE_LIMIT_EMAILS_TOTAL: '1'
  })
  for (let i = 0; i < 3; i++) {
    await h.register(STRANGER, `eve-${i}`)
  }
  await emailsTo(h.mail, '')
  t.equal(h.mail.sentMessages().length, 3)
  t.equal(await h.db.$count(emailCounters), 0)
})

t.test('counters whose hour has passed are deleted', async (t) => {
  const h = await open(t)
  await h.register(STRANGER, 'eve')
  const task = scheduledTasks({ ...h, log: pino() }).find(({ name }) => name === 'emails.purge')
  t.strictSame(await task?.run(), { done: 0, more: false })
  await h.advance('61 minutes')
  t.strictSame(await task?.run(), { done: 2, more: false })
})

t.test('nothing that a stranger has typed reaches an email that is not confirmed', async (t) => {
  const h = await open(t, { RATE_LIMIT: 'off' })
  const headers = { 'user-agent': 'PRIZE https://evil.example' }
  const name = 'WINNER: claim your prize at https://evil.example/x'
  const payload = { username: 'prize-4-you', email: 'ann@example.com', name, password: PASSWORD }
  await h.request({ method: 'POST', url: '/api/v1/auth/register', payload, headers })
  await h.request({
    method: 'POST',
    url: '/api/v1/auth/forgot-password',
    payload: { email: 'ann@example.com' },
    headers
  })
  const emails = await emailsTo(h.mail, 'ann@example.com')
  t.equal(emails.length, 2)
  t.notMatch(JSON.stringify(emails), /prize|evil|winner/i)
  const { reset_id } = (
    await h.request({
      method: 'POST',
      url: '/api/v1/auth/forgot-password',
      payload: { email: 'ann@example.com' }
    })
  ).json()
  const otp = await codeTo(h.mail, 'ann@example.com')
  const verified = await h.post(HOME, 'verify-otp', { reset_id, otp })
  const { reset_token } = verified.json()
  await h.post(HOME, 'reset-password', { reset_token, new_password: 'a staple that is correct' })
  const [notice] = await emailsTo(h.mail, 'ann@example.com')
  t.match(notice, { subject: 'Your password was changed' })
  t.notMatch(JSON.stringify(notice), /prize|evil|winner/i)
  await h.post(HOME, 'forgot-password', { email: 'ann@example.com' })
  const later = await emailsTo(h.mail, 'ann@example.com')
  t.notMatch(JSON.stringify(later[0]), /evil/i, 'nor a link in a name, once it is confirmed')
})

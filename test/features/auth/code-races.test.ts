import t from 'tap'
import { oneTimeCodes } from '../../../src/db/tables/one-time-codes.ts'
import { auditEntries, summarize } from '../../support/audit-log.ts'
import { codeTo, emailsTo, resetTokenFor, wrongCode } from '../../support/emails.ts'
import { countStatuses } from '../../support/status-counts.ts'
import { createTestApp } from '../../support/test-app.ts'

const ANN = 'ann@example.com'
const NEW = 'a staple that is correct'
const times = <T>(count: number, work: (i: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, i) => work(i)))

async function appWithAnn(t: Parameters<typeof createTestApp>[0]) {
  const h = await createTestApp(t, { env: { EMAIL_VERIFICATION: 'off' } })
  const ann = await h.signUp('user', 'ann', { email: ANN })
  const post = (path: string, payload: object) =>
    h.request({ method: 'POST', url: `/api/v1/auth/${path}`, payload })
  return { ...h, ann, post }
}

t.test('of a hundred parallel guesses, one of them right, at most five are compared', async (t) => {
  const h = await appWithAnn(t)
  const { reset_id } = (await h.post('forgot-password', { email: ANN })).json()
  const code = await codeTo(h.mail, ANN)
  const rightOne = 60
  const responses = await times(100, (i) =>
    h.post('verify-otp', {
      reset_id,
      otp: i === rightOne ? code : wrongCode(String(Number(code) + i))
    })
  )
  const [row] = await h.db.select().from(oneTimeCodes)
  t.ok(row && row.attempts <= 5, 'no more than five attempts were counted, hence compared')
  const { 200: right = 0, 400: rejected = 0 } = countStatuses(responses)
  t.equal(right + rejected, 100, JSON.stringify(countStatuses(responses)))
  t.equal(right, row?.used_at === null ? 0 : 1)
})

t.test('the right code in fifty parallel requests is exchanged once', async (t) => {
  const h = await appWithAnn(t)
  const { reset_id } = (await h.post('forgot-password', { email: ANN })).json()
  const otp = await codeTo(h.mail, ANN)
  const responses = await times(50, () => h.post('verify-otp', { reset_id, otp }))
  t.strictSame(countStatuses(responses), { 200: 1, 400: 49 })
  t.strictSame(
    (await auditEntries(h.db)).filter((entry) => summarize(entry) === 'user.reset_code_checked')
      .length,
    1
  )
})

t.test('a code that several requests share is exchanged once', async (t) => {
  const h = await appWithAnn(t)
  const ids: string[] = []
  for (let i = 0; i < 4; i++) {
    ids.push((await h.post('forgot-password', { email: ANN })).json().reset_id)
  }
  const otp = await codeTo(h.mail, ANN)
  const responses = await times(20, (i) => h.post('verify-otp', { reset_id: ids[i % 4], otp }))
  t.strictSame(countStatuses(responses), { 200: 1, 400: 19 })
})

t.test('a reset token in fifty parallel requests replaces the password once', async (t) => {
  const h = await appWithAnn(t)
  const reset_token = await resetTokenFor(h, ANN)
  const responses = await times(50, (i) =>
    h.post('reset-password', { reset_token, new_password: `${NEW} ${i}` })
  )
  const { 204: done, 400: rejected = 0, 503: busy = 0 } = countStatuses(responses)
  t.equal(done, 1)
  t.equal(rejected + busy, 49, 'the others were rejected, or turned away before any hashing')
  const winner = responses.findIndex((response) => response.statusCode === 204)
  t.equal(
    (await h.post('login', { username: 'ann', password: `${NEW} ${winner}` })).statusCode,
    200
  )
  t.equal(
    (await emailsTo(h.mail, ANN)).filter((email) => email.subject === 'Your password was changed')
      .length,
    1
  )
  t.equal(
    (await auditEntries(h.db)).filter((entry) => summarize(entry) === 'user.password_reset').length,
    1
  )
})

t.test('fifty parallel requests for a code send one email', async (t) => {
  const h = await appWithAnn(t)
  const responses = await times(50, () => h.post('forgot-password', { email: ANN }))
  t.strictSame(countStatuses(responses), { 202: 50 })
  t.equal(new Set(responses.map((response) => response.json().reset_id)).size, 50)
  t.equal((await emailsTo(h.mail, ANN)).length, 1)
})

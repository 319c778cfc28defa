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

async function houseWithAnn(t: Parameters<typeof createTestApp>[0]) {
  const h = await createTestApp(t, { env: { EMAIL_VERIFICATION: 'off' } })
  const ann = await h.signUp('user', 'ann', { email: ANN })
  const post = (path: string, payload: object) =>
    h.request({ method: 'POST', url: `/api/v1/auth/${path}`, payload })
  return { ...h, ann, post }
}

t.test(
  'of a hundred guesses at once, the right one among them, at most five are looked at',
  async (t) => {
    const h = await houseWithAnn(t)
    const { reset_id } = (await h.post('forgot-password', { email: ANN })).json()
    const code = await codeTo(h.mail, ANN)
    const rightOne = 60
    const answers = await times(100, (i) =>
      h.post('verify-otp', {
        reset_id,
        otp: i === rightOne ? code : wrongCode(String(Number(code) + i))
      })
    )
    const [row] = await h.db.select().from(oneTimeCodes)
    t.ok(row && row.attempts <= 5, 'no more than five tries were counted, hence compared')
    const { 200: right = 0, 400: refused = 0 } = countStatuses(answers)
    t.equal(right + refused, 100, JSON.stringify(countStatuses(answers)))
    t.equal(right, row?.used_at === null ? 0 : 1)
  }
)

t.test('the right code in fifty requests at once is exchanged once', async (t) => {
  const h = await houseWithAnn(t)
  const { reset_id } = (await h.post('forgot-password', { email: ANN })).json()
  const otp = await codeTo(h.mail, ANN)
  const answers = await times(50, () => h.post('verify-otp', { reset_id, otp }))
  t.strictSame(countStatuses(answers), { 200: 1, 400: 49 })
  t.strictSame(
    (await auditEntries(h.db)).filter((fact) => summarize(fact) === 'user.reset_code_checked')
      .length,
    1
  )
})

t.test('a reset token in fifty requests at once replaces the password once', async (t) => {
  const h = await houseWithAnn(t)
  const reset_token = await resetTokenFor(h, ANN)
  const answers = await times(50, (i) =>
    h.post('reset-password', { reset_token, new_password: `${NEW} ${i}` })
  )
  const { 204: done, 400: refused = 0, 503: busy = 0 } = countStatuses(answers)
  t.equal(done, 1)
  t.equal(refused + busy, 49, 'the others were refused, or turned away before they cost anything')
  const winner = answers.findIndex((answer) => answer.statusCode === 204)
  t.equal(
    (await h.post('login', { username: 'ann', password: `${NEW} ${winner}` })).statusCode,
    200
  )
  t.equal(
    (await emailsTo(h.mail, ANN)).filter((letter) => letter.subject === 'Your password was changed')
      .length,
    1
  )
  t.equal(
    (await auditEntries(h.db)).filter((fact) => summarize(fact) === 'user.password_reset').length,
    1
  )
})

t.test('fifty requests for a code at once send one letter', async (t) => {
  const h = await houseWithAnn(t)
  const answers = await times(50, () => h.post('forgot-password', { email: ANN }))
  t.strictSame(countStatuses(answers), { 202: 50 })
  t.equal(new Set(answers.map((answer) => answer.json().reset_id)).size, 1)
  t.equal((await emailsTo(h.mail, ANN)).length, 1)
})

import { pino } from 'pino'
import t from 'tap'
import { scheduledTasks } from '../../../src/background.ts'
import { oneTimeCodes } from '../../../src/db/tables/one-time-codes.ts'
import { advanceCodeTime, codeTo, emailsTo, refusal, wrongCode } from '../../support/emails.ts'
import { createTestApp } from '../../support/test-app.ts'

const ANN = 'ann@example.com'
const VERIFICATION_OFF = { EMAIL_VERIFICATION: 'off' }
type TestApp = Awaited<ReturnType<typeof createTestApp>>

const forgot = ({ request }: Pick<TestApp, 'request'>, email: string, headers = {}) =>
  request({ method: 'POST', url: '/api/v1/auth/forgot-password', payload: { email }, headers })
const check = ({ request }: Pick<TestApp, 'request'>, reset_id: string, otp: string) =>
  request({ method: 'POST', url: '/api/v1/auth/verify-otp', payload: { reset_id, otp } })

t.test(
  'every failed code gets the same response, even the right code after five wrong ones',
  async (t) => {
    const h = await createTestApp(t, { env: VERIFICATION_OFF })
    await h.signUp('user', 'ann', { email: ANN })
    const { reset_id } = (await forgot(h, ANN)).json()
    const code = await codeTo(h.mail, ANN)
    const rejections = [await check(h, '019f2f6e-7c1a-7eee-8eee-0123456789ab', code)]
    for (let i = 0; i < 5; i++) {
      rejections.push(await check(h, reset_id, wrongCode(code)))
    }
    rejections.push(await check(h, reset_id, code))
    t.strictSame(rejections.map(refusal), Array(7).fill(refusal(rejections[0] as never)))
    t.equal((await h.db.select().from(oneTimeCodes))[0]?.attempts, 5)
  }
)

t.test('a code may be typed in groups, and what cannot be one costs no attempt', async (t) => {
  const h = await createTestApp(t, { env: VERIFICATION_OFF })
  await h.signUp('user', 'ann', { email: ANN })
  const { reset_id } = (await forgot(h, ANN)).json()
  const code = await codeTo(h.mail, ANN)
  for (const typed of [
    'not a code',
    '1234567',
    `${code}9`,
    `${code.slice(1)}x`,
    '',
    ' '.repeat(8)
  ]) {
    const response = await check(h, reset_id, typed)
    t.match(response.json(), {
      status: 400,
      code: 'invalid_request',
      errors: [{ in: 'body', pointer: '/otp' }]
    })
  }
  t.equal((await h.db.select().from(oneTimeCodes))[0]?.attempts, 0)
  const typed = ` ${code.slice(0, 4)}\u00a0-\u2011 ${code.slice(4, 6)}.${code.slice(6)}\r\n`
  t.equal((await check(h, reset_id, typed)).statusCode, 200)
})

t.test('a code works once, for ten minutes', async (t) => {
  const h = await createTestApp(t, { env: VERIFICATION_OFF })
  await h.signUp('user', 'ann', { email: ANN })
  const first = (await forgot(h, ANN)).json()
  const code = await codeTo(h.mail, ANN)
  t.equal((await check(h, first.reset_id, code)).statusCode, 200)
  t.equal((await check(h, first.reset_id, code)).statusCode, 400)
  await advanceCodeTime(h.db, '61 seconds')
  const second = (await forgot(h, ANN)).json()
  const late = await codeTo(h.mail, ANN)
  await advanceCodeTime(h.db, '10 minutes')
  t.equal((await check(h, second.reset_id, late)).statusCode, 400)
})

t.test(
  'a request within a minute of another has its own id for the code that was sent',
  async (t) => {
    const h = await createTestApp(t, { env: VERIFICATION_OFF })
    await h.signUp('user', 'ann', { email: ANN })
    const ids = []
    for (let i = 0; i < 3; i++) {
      ids.push((await forgot(h, ANN)).json().reset_id)
    }
    t.equal(new Set(ids).size, 3)
    t.equal((await emailsTo(h.mail, ANN)).length, 1)
    const code = await codeTo(h.mail, ANN)
    for (let i = 0; i < 5; i++) {
      await check(h, ids[1], wrongCode(code))
    }
    t.equal((await check(h, ids[1], code)).statusCode, 400, 'attempts count for each id')
    t.equal((await check(h, ids[2], code)).statusCode, 200)
    t.equal((await check(h, ids[0], code)).statusCode, 400, 'the code works once')
  }
)

t.test('of the codes that one network asked for, only the newest works', async (t) => {
  const h = await createTestApp(t, { env: VERIFICATION_OFF })
  await h.signUp('user', 'ann', { email: ANN })
  const old = {
    reset_id: (await forgot(h, ANN)).json().reset_id,
    code: await codeTo(h.mail, ANN)
  }
  await advanceCodeTime(h.db, '61 seconds')
  const { reset_id } = (await forgot(h, ANN)).json()
  t.equal((await emailsTo(h.mail, ANN)).length, 2)
  t.equal((await check(h, old.reset_id, old.code)).statusCode, 400)
  t.equal((await check(h, reset_id, await codeTo(h.mail, ANN))).statusCode, 200)
})

t.test(
  'a network that has opened the account gets at most five emails an hour and ten a day',
  async (t) => {
    const h = await createTestApp(t, { env: VERIFICATION_OFF })
    await h.signUp('user', 'ann', { email: ANN })
    const emailsAfter = async (...spans: string[]) => {
      for (const span of spans) {
        await advanceCodeTime(h.db, span)
        t.equal((await forgot(h, ANN)).statusCode, 202)
      }
      return (await emailsTo(h.mail, ANN)).length
    }
    t.equal(await emailsAfter(...Array(7).fill('61 seconds')), 5)
    t.equal(await emailsAfter(...Array(7).fill('61 minutes')), 10)
    t.equal(await emailsAfter('24 hours'), 11)
  }
)

t.test('a code that counts towards no limit any more is deleted', async (t) => {
  const h = await createTestApp(t, { env: VERIFICATION_OFF })
  const purge = scheduledTasks({ ...h, log: pino() }).find(({ name }) => name === 'codes.purge')
  await forgot(h, 'nobody@example.com')
  t.strictSame(await purge?.run(), { done: 0, more: false })
  await advanceCodeTime(h.db, '25 hours')
  await forgot(h, ANN)
  t.strictSame(await purge?.run(), { done: 1, more: false })
  t.equal(await h.db.$count(oneTimeCodes), 1)
})

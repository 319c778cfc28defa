import { eq } from 'drizzle-orm'
import t from 'tap'
import { users } from '../../../src/db/tables/users.ts'
import { auditEntries, summarize } from '../../support/audit-log.ts'
import { advanceCodeTime, codeTo, emailsTo, wrongCode } from '../../support/emails.ts'
import { createTestApp, PASSWORD, type Person } from '../../support/test-app.ts'

const OLD = 'ann@example.com'
const NEW = 'lee@example.com'

async function open(t: Parameters<typeof createTestApp>[0], env: Record<string, string> = {}) {
  const h = await createTestApp(t, { env })
  const ann = await h.signUp('user', 'ann', { email: OLD, name: 'Ann' })
  await h.db.update(users).set({ email_verified: true }).where(eq(users.id, ann.user.id))
  await advanceCodeTime(h.db, '61 seconds')
  const change = (change: object, person: Person = ann) =>
    person.send({ method: 'PATCH', url: '/api/v1/me', payload: change })
  const confirm = (email: string, otp: string) =>
    h.request({ method: 'POST', url: '/api/v1/auth/verify-email', payload: { email, otp } })
  const me = async () => (await ann.get('/api/v1/me')).json()
  return { ...h, ann, change, confirm, me }
}
const withPassword = (email: string) => ({ email, current_password: PASSWORD })

t.test('a new email takes effect when it is confirmed, and the old one is notified', async (t) => {
  const h = await open(t)
  const requested = await h.change({ ...withPassword('Lee@Example.com'), name: 'Ann Lee' })
  t.match(requested.json(), { email: OLD, email_verified: true, name: 'Ann Lee' })
  t.equal((await emailsTo(h.mail, OLD)).length, 1, 'only the one from the registration')
  t.equal((await h.confirm(NEW, await codeTo(h.mail, NEW))).statusCode, 204)
  t.match(await h.me(), { email: NEW, email_verified: true })
  const [notice] = await emailsTo(h.mail, OLD)
  t.match(notice, {
    subject: 'The email address of your account was changed',
    text: 'l…@example.com'
  })
  t.notMatch(JSON.stringify(notice), NEW)
  t.equal(
    (
      await h.request({
        method: 'POST',
        url: '/api/v1/auth/login',
        payload: { email: OLD, password: PASSWORD }
      })
    ).statusCode,
    401
  )
  t.equal(
    (
      await h.request({
        method: 'POST',
        url: '/api/v1/auth/login',
        payload: { email: NEW, password: PASSWORD }
      })
    ).statusCode,
    200
  )
  t.strictSame(
    (await auditEntries(h.db, 'user.logged_in')).map((entry) => [summarize(entry), entry.actor_id]),
    [
      'user.registered',
      'user.profile_changed',
      'user.email_change_requested',
      'user.email_changed'
    ].map((action) => [action, h.ann.user.id])
  )
})

t.test(
  'a change of email requires the password, which is refused where nothing needs it',
  async (t) => {
    const h = await open(t)
    t.match((await h.change({ email: NEW })).json(), {
      status: 400,
      errors: [{ pointer: '/current_password', code: 'required' }]
    })
    t.match((await h.change({ current_password: PASSWORD })).json(), {
      status: 400,
      errors: [{ pointer: '/current_password', code: 'excluded' }]
    })
    t.match(
      (await h.change({ email: NEW, current_password: 'a wrong password', name: 'Bob' })).json(),
      { status: 403, code: 'wrong_password' }
    )
    t.match(await h.me(), { email: OLD, name: 'Ann' })
    t.strictSame(await emailsTo(h.mail, NEW), [])
    t.ok(
      (await auditEntries(h.db)).some(
        (entry) => summarize(entry) === 'user.email_change_requested failed'
      )
    )
  }
)

t.test(
  'an email that is taken, before or in the meantime, is rejected together with the rest of the request',
  async (t) => {
    const h = await open(t)
    await h.signUp('user', 'bob', { email: 'bob@example.com' })
    t.match((await h.change({ ...withPassword('BOB@example.com'), name: 'Other' })).json(), {
      status: 409,
      errors: [{ pointer: '/email', code: 'taken' }]
    })
    t.match((await h.change({ ...withPassword(NEW), username: 'Bob' })).json(), {
      status: 409,
      errors: [{ pointer: '/username', code: 'taken' }]
    })
    t.match(await h.me(), { username: 'ann', name: 'Ann' })
    t.strictSame(await emailsTo(h.mail, NEW), [])
    await h.change(withPassword(NEW))
    const code = await codeTo(h.mail, NEW)
    await h.signUp('user', 'lee', { email: NEW })
    t.equal((await h.confirm(NEW, code)).statusCode, 409)
    t.match(await h.me(), { email: OLD, email_verified: true })
  }
)

t.test('of two accounts that wait for one email, each can only enter its own code', async (t) => {
  const h = await open(t)
  const bob = await h.signUp('user', 'bob')
  await h.change(withPassword(NEW))
  const code = await codeTo(h.mail, NEW)
  await h.change(withPassword(NEW), bob)
  const bobsCode = await codeTo(h.mail, NEW)
  t.equal((await emailsTo(h.mail, NEW)).length, 2)
  const confirmAs = (person: Person, otp: string) =>
    person.post('/api/v1/auth/verify-email', { email: NEW, otp })
  t.match((await confirmAs(h.ann, bobsCode)).json(), { status: 400, code: 'invalid_code' })
  t.match((await confirmAs(bob, code)).json(), { status: 400, code: 'invalid_code' })
  t.equal((await h.confirm(NEW, bobsCode)).statusCode, 400, 'without a login it could be anybody')
  t.match((await bob.get('/api/v1/me')).json(), { email: null })
  t.equal((await confirmAs(h.ann, code)).statusCode, 204)
  t.match(await h.me(), { email: NEW, email_verified: true })
  t.match((await bob.get('/api/v1/me')).json(), { email: null })
})

t.test(
  'no other account, key or stranger uses up the attempts of the one that asked',
  async (t) => {
    const h = await open(t)
    const bob = await h.signUp('user', 'bob')
    await h.change(withPassword(NEW))
    const code = await codeTo(h.mail, NEW)
    for (let i = 0; i < 6; i++) {
      await bob.post('/api/v1/auth/verify-email', { email: NEW, otp: wrongCode(code) })
      await h.request({
        method: 'POST',
        url: '/api/v1/auth/verify-email',
        remoteAddress: '203.0.113.66',
        payload: { email: NEW, otp: wrongCode(code) }
      })
    }
    const confirmed = await h.ann.post('/api/v1/auth/verify-email', { email: NEW, otp: code })
    t.equal(confirmed.statusCode, 204)
    t.match(await h.me(), { email: NEW, email_verified: true })
  }
)

t.test('an invalid access token is ignored where an email is confirmed', async (t) => {
  const h = await open(t)
  await h.change(withPassword(NEW))
  const response = await h.request({
    method: 'POST',
    url: '/api/v1/auth/verify-email',
    headers: { authorization: 'Bearer nonsense' },
    payload: { email: NEW, otp: await codeTo(h.mail, NEW) }
  })
  t.equal(response.statusCode, 204)
})

t.test('the notice to an email that was never confirmed has no text of its user', async (t) => {
  const h = await open(t, { EMAIL_VERIFICATION: 'off' })
  const bob = await h.signUp('user', 'bob', { email: 'bob@example.com', name: 'A prize' })
  await h.change(withPassword('win@prize.example'), bob)
  const [notice] = await emailsTo(h.mail, 'bob@example.com')
  t.match(notice, { subject: 'The email address of your account was changed', text: 'Hello,' })
  t.notMatch(JSON.stringify(notice), /prize/)
})

t.test(
  'a code for one email confirms no other, and a second change replaces the first',
  async (t) => {
    const h = await open(t)
    await h.change(withPassword('first@example.com'))
    const first = await codeTo(h.mail, 'first@example.com')
    t.match((await h.change(withPassword(NEW))).json(), { status: 429, code: 'too_many_codes' })
    await advanceCodeTime(h.db, '61 seconds')
    t.equal((await h.change(withPassword(NEW))).statusCode, 200)
    t.equal((await h.confirm(NEW, first)).statusCode, 400)
    t.equal((await h.confirm('first@example.com', first)).statusCode, 400)
    t.match(await h.me(), { email: OLD })
  }
)

t.test('setting the current email again changes nothing', async (t) => {
  const h = await open(t)
  t.match((await h.change(withPassword('Ann@Example.com'))).json(), {
    email: OLD,
    email_verified: true
  })
  t.equal((await emailsTo(h.mail, OLD)).length, 1)
})

t.test(
  'where emails are not confirmed, a new one takes effect immediately, unconfirmed',
  async (t) => {
    for (const [name, emails] of [
      ['EMAIL_VERIFICATION', 1],
      ['EMAIL_ENABLED', 0]
    ] as const) {
      const h = await open(t, { [name]: 'off' })
      t.match((await h.change(withPassword(NEW))).json(), { email: NEW, email_verified: false })
      t.equal((await emailsTo(h.mail, OLD)).length, emails)
    }
  }
)

t.test(
  'where confirmation is required, a user who mistyped their email can correct it',
  async (t) => {
    const h = await createTestApp(t, { env: { EMAIL_VERIFICATION: 'required' } })
    const ann = await h.signUp('user', 'ann', { email: 'mistyped@example.com' })
    await advanceCodeTime(h.db, '61 seconds')
    t.equal(
      (await ann.send({ method: 'PATCH', url: '/api/v1/me', payload: withPassword(NEW) }))
        .statusCode,
      200
    )
    t.equal(
      (
        await h.request({
          method: 'POST',
          url: '/api/v1/auth/verify-email',
          payload: { email: NEW, otp: await codeTo(h.mail, NEW) }
        })
      ).statusCode,
      204
    )
    t.equal((await ann.get('/api/v1/tasks')).statusCode, 200)
  }
)

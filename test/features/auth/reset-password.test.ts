import { eq } from 'drizzle-orm'
import t from 'tap'
import { users } from '../../../src/db/tables/users.ts'
import { auditEntries, summarize } from '../../support/audit-log.ts'
import { advanceCodeTime, codeTo, emailsTo, refusal, resetTokenFor } from '../../support/emails.ts'
import { createTestApp, PASSWORD } from '../../support/test-app.ts'

const ANN = 'ann@example.com'
const NEW = 'a staple that is correct'

async function appWithAnn(
  t: Parameters<typeof createTestApp>[0],
  env: Record<string, string> = {}
) {
  const h = await createTestApp(t, { env: { EMAIL_VERIFICATION: 'off', ...env } })
  const ann = await h.signUp('user', 'ann', { email: ANN })
  const post = (path: string, payload: object) =>
    h.request({ method: 'POST', url: `/api/v1/auth/${path}`, payload })
  return {
    ...h,
    ann,
    post,
    reset: (reset_token: string, new_password = NEW) =>
      post('reset-password', { reset_token, new_password })
  }
}

t.test('a reset replaces the password, ends all sessions and notifies the owner', async (t) => {
  const h = await appWithAnn(t)
  const key = (
    await h.ann.post('/api/v1/me/api-keys', {
      name: 'report',
      scopes: ['profile:read'],
      expires_at: new Date(Date.now() + 86_400_000).toISOString()
    })
  ).json()
  const byKey = () =>
    h.request({ url: '/api/v1/me', headers: { authorization: `Bearer ${key.key}` } })
  t.equal((await byKey()).statusCode, 200)
  const response = await h.reset(await resetTokenFor(h, ANN))
  t.equal(response.statusCode, 204)
  t.equal((await h.ann.get('/api/v1/me')).statusCode, 401, 'the session has ended')
  t.equal(
    (await h.post('refresh', { refresh_token: h.ann.refresh_token })).statusCode,
    401,
    'its refresh token does not work'
  )
  t.equal((await byKey()).statusCode, 401, 'the API key has been revoked')
  t.equal((await h.post('login', { email: ANN, password: PASSWORD })).statusCode, 401)
  const login = await h.post('login', { email: ANN, password: NEW })
  t.match(
    login.json().user,
    { email_verified: true },
    'the code was sent to this email, so it is confirmed'
  )
  const [notice] = await emailsTo(h.mail, ANN)
  t.match(notice, {
    subject: 'Your password was changed',
    text: 'All sessions have ended and all API keys have been revoked.'
  })
  const entries = (await auditEntries(h.db)).filter(({ subject_id }) =>
    [h.ann.user.id, key.id].includes(subject_id)
  )
  t.strictSame(
    entries.map((entry) => [summarize(entry), entry.actor_name]),
    [
      ['user.registered', 'ann'],
      ['api_key.created', 'ann'],
      ['user.reset_requested', null],
      ['user.reset_code_checked', null],
      ['user.password_changed', 'ann'],
      ['user.sessions_ended', 'ann'],
      ['api_key.revoked', 'ann'],
      ['user.password_reset', 'ann'],
      ['session.refreshed failed', null],
      ['user.logged_in failed', null],
      ['user.logged_in', 'ann']
    ]
  )
})

t.test('the password that the account has is refused, and the token stays valid', async (t) => {
  const h = await appWithAnn(t)
  const token = await resetTokenFor(h, ANN)
  const refused = await h.reset(token, PASSWORD)
  t.equal(refused.statusCode, 400)
  t.match(refused.json(), {
    code: 'password_reused',
    errors: [{ in: 'body', pointer: '/new_password', code: 'reused' }]
  })
  t.equal((await h.ann.get('/api/v1/me')).statusCode, 200, 'the session goes on')
  t.equal((await h.reset(token)).statusCode, 204)
})

t.test('a password that the policy rejects does not use up the token', async (t) => {
  const h = await appWithAnn(t, { PASSWORD_BLOCKLIST: 'on', PASSWORD_MIN_LENGTH: '10' })
  const reset_token = await resetTokenFor(h, ANN)
  for (const weak of ['too short', 'tasklanetasklane', 'ann@example.com']) {
    const response = await h.reset(reset_token, weak)
    t.match(
      response.json(),
      { status: 400, code: 'invalid_request', errors: [{ pointer: '/new_password' }] },
      weak
    )
  }
  t.equal((await h.ann.get('/api/v1/me')).statusCode, 200)
  t.equal((await h.reset(reset_token)).statusCode, 204)
})

t.test(
  'a token works once, for ten minutes; every other gets the same response and changes nothing',
  async (t) => {
    const h = await appWithAnn(t)
    const late = await resetTokenFor(h, ANN)
    await advanceCodeTime(h.db, '10 minutes')
    const rejections = [
      await h.reset(late),
      await h.reset('nothing-like-a-token'),
      await h.reset(h.ann.refresh_token),
      await h.reset(h.ann.access_token.slice(0, 200))
    ]
    t.equal((await h.post('login', { username: 'ann', password: PASSWORD })).statusCode, 200)
    const token = await resetTokenFor(h, ANN)
    t.equal((await h.reset(token)).statusCode, 204)
    rejections.push(await h.reset(token, 'yet another password'))
    t.strictSame(rejections.map(refusal), Array(5).fill(refusal(rejections[0] as never)))
    t.match(refusal(rejections[0] as never), { status: 400, code: 'invalid_reset_token' })
    t.equal((await h.post('login', { username: 'ann', password: NEW })).statusCode, 200)
  }
)

t.test(
  'a code and a token stop working once password, role, email or access of the account changes',
  async (t) => {
    const h = await appWithAnn(t)
    const changes: Record<string, Partial<typeof users.$inferInsert>> = {
      role: { role: 'manager' },
      address: { email: 'other@example.com' },
      access: { disabled: true }
    }
    const before = { role: 'user', email: ANN, disabled: false } as const
    const isAnn = eq(users.id, h.ann.user.id)
    for (const [what, change] of Object.entries(changes)) {
      const reset_token = await resetTokenFor(h, ANN)
      await advanceCodeTime(h.db, '61 seconds')
      const { reset_id } = (await h.post('forgot-password', { email: ANN })).json()
      const otp = await codeTo(h.mail, ANN)
      await h.db.update(users).set(change).where(isAnn)
      t.equal((await h.reset(reset_token)).statusCode, 400, `token after a change of ${what}`)
      t.equal(
        (await h.post('verify-otp', { reset_id, otp })).statusCode,
        400,
        `code after a change of ${what}`
      )
      await h.db.update(users).set(before).where(isAnn)
      await advanceCodeTime(h.db, '2 hours')
    }
    const reset_token = await resetTokenFor(h, ANN)
    t.equal(
      (await h.ann.post('/api/v1/me/password', { current_password: PASSWORD, new_password: NEW }))
        .statusCode,
      204
    )
    t.equal(
      (await h.reset(reset_token, 'yet another password')).statusCode,
      400,
      'token after a change of password'
    )
  }
)

t.test('a reset token is accepted nowhere else', async (t) => {
  const h = await appWithAnn(t)
  const token = await resetTokenFor(h, ANN)
  t.equal(
    (await h.request({ url: '/api/v1/me', headers: { authorization: `Bearer ${token}` } }))
      .statusCode,
    401
  )
  t.equal((await h.post('refresh', { refresh_token: token })).statusCode, 401)
})

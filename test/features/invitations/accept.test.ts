import { sql } from 'drizzle-orm'
import t from 'tap'
import { invitations } from '../../../src/db/tables/invitations.ts'
import { oneTimeCodes } from '../../../src/db/tables/one-time-codes.ts'
import { users } from '../../../src/db/tables/users.ts'
import { auditEntries, summarize } from '../../support/audit-log.ts'
import { emailsTo } from '../../support/emails.ts'
import { tokenIn } from '../../support/links.ts'
import { secondInstance } from '../../support/second-instance.ts'
import { createTestApp, PASSWORD } from '../../support/test-app.ts'

const h = await createTestApp(t)
const { db, mail, signUp, database, config } = h
const root = await signUp('admin', 'root')
/** From here on nobody signs up without an invitation. */
const ask = await secondInstance(t, {
  database,
  config: { ...config, REGISTRATION: 'invite', EMAIL_VERIFICATION: 'required' }
})
const register = (payload: object) =>
  ask({
    method: 'POST',
    url: '/api/v1/auth/register',
    payload: { password: PASSWORD, ...payload }
  })
/** Invites an email and returns the token that was sent there. */
async function invite(email: string, more: object = {}) {
  const response = await root.post('/api/v1/admin/invitations', { email, ...more })
  const [message] = await emailsTo(mail, email.toLowerCase())
  return { id: response.json().id as string, invitation_token: tokenIn(message) }
}
const rejection = { status: 400, code: 'invalid_invitation' }

t.test('an invitation opens the door, confirms its email and gives its role', async (t) => {
  const { id, invitation_token } = await invite('Ann@Example.com', { role: 'manager' })
  const response = await register({ email: 'ANN@example.com', invitation_token })
  t.equal(response.statusCode, 201)
  const { user, access_token } = response.json()
  t.match(user, { email: 'ann@example.com', email_verified: true, role: 'manager' })
  t.equal(await db.$count(oneTimeCodes), 0, 'no code is sent')
  const headers = { authorization: `Bearer ${access_token}` }
  t.equal((await ask({ url: '/api/v1/tasks', headers })).statusCode, 200)
  t.match((await auditEntries(db)).filter(({ actor_id }) => actor_id === user.id).map(summarize), [
    'user.registered',
    'invitation.accepted'
  ])
  t.match((await auditEntries(db)).at(-1), { subject_type: 'invitation', subject_id: id })
})

t.test('used with another email, an invitation confirms nothing', async (t) => {
  const { invitation_token } = await invite('bea@example.com')
  const response = await register({ email: 'bea@elsewhere.example', invitation_token })
  t.equal(response.statusCode, 201)
  const { user, access_token } = response.json()
  t.match(user, { email: 'bea@elsewhere.example', email_verified: false })
  t.equal(await db.$count(oneTimeCodes), 1, 'a code is sent')
  const headers = { authorization: `Bearer ${access_token}` }
  t.equal((await ask({ url: '/api/v1/tasks', headers })).json().code, 'email_unverified')
})

t.test('where emails are confirmed, an invited account needs one as well', async (t) => {
  const { invitation_token } = await invite('cid@example.com')
  const response = await register({ username: 'cid', invitation_token })
  t.match(response.json(), { status: 400, errors: [{ pointer: '/email', code: 'required' }] })
  t.equal((await register({ email: 'cid@example.com', invitation_token })).statusCode, 201)
})

t.test('of those who accept one invitation at the same time exactly one does', async (t) => {
  const { invitation_token } = await invite('dora@example.com')
  const before = await db.$count(users)
  const responses = await Promise.all(
    [1, 2, 3, 4].map((n) => register({ email: `dora-${n}@example.com`, invitation_token }))
  )
  t.strictSame(responses.map(({ statusCode }) => statusCode).toSorted(), [201, 400, 400, 400])
  for (const response of responses.filter(({ statusCode }) => statusCode !== 201)) {
    t.match(response.json(), { ...rejection, detail: /has been used/ })
  }
  t.equal(await db.$count(users), before + 1)
})

t.test(
  'a used, withdrawn, expired, renewed or invented token is rejected and says why',
  async (t) => {
    const before = await db.$count(users)
    const tries = async (invitation_token: string, detail: RegExp) =>
      t.match((await register({ email: 'eve@example.com', invitation_token })).json(), {
        ...rejection,
        detail,
        errors: [{ pointer: '/invitation_token' }]
      })
    const used = await invite('used@example.com')
    await register({ email: 'used@example.com', invitation_token: used.invitation_token })
    await tries(used.invitation_token, /has been used/)

    const withdrawn = await invite('withdrawn@example.com')
    const url = `/api/v1/admin/invitations/${withdrawn.id}`
    t.equal((await root.send({ method: 'DELETE', url })).statusCode, 204)
    await tries(withdrawn.invitation_token, /was withdrawn/)

    const first = await invite('twice@example.com')
    const second = await invite('twice@example.com')
    t.equal(first.id, second.id)
    await tries(first.invitation_token, /use the newest/)

    await db.update(invitations).set({ expires_at: sql`now()` })
    await tries(second.invitation_token, /has expired/)
    await tries('w0Zt1mJ8s4Qx7uN2aYb5cD9eF3gH6iJ1kL4mN7oP0qR', /no such invitation/)
    t.equal(await db.$count(users), before + 1)
    t.match((await auditEntries(db)).at(-1), { action: 'user.registered', outcome: 'failed' })
  }
)

t.test('a rejected registration does not use the invitation up', async (t) => {
  const { invitation_token } = await invite('fay@example.com')
  const rejected = [
    { email: 'fay@example.com', password: 'short' },
    { username: 'ROOT', email: 'fay@example.com' },
    { name: 'Fay' }
  ]
  for (const payload of rejected) {
    t.not((await register({ ...payload, invitation_token })).statusCode, 201)
  }
  t.equal((await register({ email: 'fay@example.com', invitation_token })).statusCode, 201)
})

t.test('what a demoted admin has left lets nobody in', async (t) => {
  const other = await signUp('admin', 'other')
  await other.post('/api/v1/admin/invitations', { email: 'gus@example.com', role: 'admin' })
  const invitation_token = tokenIn((await emailsTo(mail, 'gus@example.com'))[0])
  const url = `/api/v1/admin/users/${other.user.id}`
  await root.send({ method: 'PATCH', url, payload: { role: 'user' } })
  t.match((await register({ email: 'gus@example.com', invitation_token })).json(), rejection)
})

t.test('an invitation opens nothing where registration is closed', async (t) => {
  const { invitation_token } = await invite('hal@example.com')
  const closed = await secondInstance(t, {
    database,
    config: { ...config, REGISTRATION: 'closed' }
  })
  const response = await closed({
    method: 'POST',
    url: '/api/v1/auth/register',
    payload: { email: 'hal@example.com', password: PASSWORD, invitation_token }
  })
  t.match(response.json(), { status: 403, code: 'registration_closed' })
  const invitation = await closed({
    method: 'POST',
    url: '/api/v1/admin/invitations',
    headers: { authorization: `Bearer ${root.access_token}` },
    payload: { email: 'ida@example.com' }
  })
  t.match(invitation.json(), { status: 403, code: 'registration_closed', detail: /admin\/users/ })
})

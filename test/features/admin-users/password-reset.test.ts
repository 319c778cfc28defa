import { sql } from 'drizzle-orm'
import t from 'tap'
import { passwordLinks } from '../../../src/db/tables/password-links.ts'
import { emailsTo } from '../../support/emails.ts'
import { tokenIn } from '../../support/links.ts'
import { runScheduled } from '../../support/scheduled.ts'
import { createTestApp, PASSWORD, type Person } from '../../support/test-app.ts'

const h = await createTestApp(t)
const { db, mail, request, signUp } = h
const root = await signUp('admin', 'root')
const NEXT = 'another long passphrase'
const at = (who: Person) => `/api/v1/admin/users/${who.user.id}`
const reset = (who: Person) => root.post(`${at(who)}/password-reset`)
const linkTo = async (who: Person): Promise<string> => tokenIn((await reset(who)).json().setup_url)
const patch = (who: Person, payload: object) =>
  root.send({ method: 'PATCH', url: at(who), payload })
const choose = (reset_token: string) =>
  request({
    method: 'POST',
    url: '/api/v1/auth/reset-password',
    payload: { reset_token, new_password: NEXT }
  })
const login = (username: string, password: string) =>
  request({ method: 'POST', url: '/api/v1/auth/login', payload: { username, password } })

t.test(
  'an admin sends a link for another password; the old one is valid until it is used',
  async (t) => {
    const email = 'ann@example.com'
    const ann = await signUp('user', 'ann', { email })
    const { key } = (
      await ann.post('/api/v1/me/api-keys', {
        name: 'key',
        scopes: ['tasks:read'],
        expires_at: new Date(Date.now() + 86_400_000).toISOString()
      })
    ).json()
    const response = await reset(ann)
    t.match(response.json(), { setup_url: null })
    t.ok(Date.parse(response.json().expires_at) > Date.now() + 23 * 3_600_000)
    t.equal((await login('ann', PASSWORD)).statusCode, 200)

    const [message] = await emailsTo(mail, email)
    t.equal((await choose(tokenIn(message))).statusCode, 204)
    t.equal((await login('ann', PASSWORD)).statusCode, 401)
    t.match((await login('ann', NEXT)).json().user, { email_verified: true })
    t.equal((await ann.get('/api/v1/me')).statusCode, 401, 'its sessions have ended')
    const withKey = { url: '/api/v1/tasks', headers: { authorization: `Bearer ${key}` } }
    t.equal((await request(withKey)).statusCode, 401, 'its keys are revoked')
    t.match((await emailsTo(mail, email))[0]?.text, /with the link of an administrator/)
  }
)

t.test('only the newest link of an account works, and none after its time', async (t) => {
  const bob = await signUp('user', 'bob')
  const first = await linkTo(bob)
  const second = await linkTo(bob)
  t.equal((await choose(first)).json().code, 'invalid_reset_token')
  await db.update(passwordLinks).set({ expires_at: sql`now()` })
  t.equal((await choose(second)).json().code, 'invalid_reset_token')
  await runScheduled(h, 'password_links.purge')
  t.equal(await db.$count(passwordLinks), 0)
})

t.test('whoever may do less, or has another password, does not keep the link', async (t) => {
  const changes: [name: string, change: (who: Person) => Promise<unknown>][] = [
    ['demoted', (who) => patch(who, { role: 'user' })],
    [
      'disabled',
      async (who) => {
        await patch(who, { disabled: true })
        await patch(who, { disabled: false })
      }
    ],
    [
      'changed',
      (who) =>
        who.post('/api/v1/me/password', {
          current_password: PASSWORD,
          new_password: 'a third passphrase'
        })
    ]
  ]
  for (const [name, change] of changes) {
    const who = await signUp('manager', name)
    const token = await linkTo(who)
    await change(who)
    t.equal((await choose(token)).json().code, 'invalid_reset_token', name)
  }
  const promoted = await signUp('user', 'promoted')
  const token = await linkTo(promoted)
  await patch(promoted, { role: 'manager' })
  t.equal((await choose(token)).statusCode, 204, 'a promotion takes nothing away')
})

t.test('there is no link for oneself, a disabled account or nobody', async (t) => {
  t.match((await reset(root)).json(), { status: 403, code: 'own_account' })
  const cid = await signUp('user', 'cid')
  await patch(cid, { disabled: true })
  t.match((await reset(cid)).json(), { status: 403, code: 'account_disabled' })
  const url = '/api/v1/admin/users/019f2f6e-7c1a-7aaa-8aaa-0123456789ab/password-reset'
  t.equal((await root.post(url)).statusCode, 404)
  t.equal((await root.post(url.replace(/users\/[^/]+/, 'users/nonsense'))).statusCode, 404)
})

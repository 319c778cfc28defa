import { eq } from 'drizzle-orm'
import t from 'tap'
import { users } from '../../../src/db/tables/users.ts'
import { emailsTo } from '../../support/emails.ts'
import { createTestApp, PASSWORD, type Person } from '../../support/test-app.ts'

const { request, db, mail, signUp } = await createTestApp(t)
const root = await signUp('admin', 'root')
const NEW = 'a staple that is correct'
let count = 0

async function confirmed(): Promise<Person & { email: string; news: () => Promise<string[]> }> {
  const email = `person.${++count}@example.com`
  const person = await signUp('user', `owner-${count}`, { email })
  await db.update(users).set({ email_verified: true }).where(eq(users.id, person.user.id))
  let seen = (await emailsTo(mail, email)).length
  /** Returns the texts of the emails since the last call, newest first. */
  const news = async () => {
    const all = await emailsTo(mail, email)
    const fresh = all.slice(0, all.length - seen).map(({ subject, text }) => `${subject}\n${text}`)
    seen = all.length
    return fresh
  }
  return { ...person, email, news }
}
const login = async (who: Person) =>
  (
    await request({
      method: 'POST',
      url: '/api/v1/auth/login',
      payload: { username: who.user.username, password: PASSWORD }
    })
  ).json()
const createKey = (who: Person, name = 'Report') =>
  who.post('/api/v1/me/api-keys', {
    name,
    scopes: ['tasks:read'],
    expires_at: new Date(Date.now() + 86_400_000).toISOString()
  })
const patchMe = (who: Person, payload: object) =>
  who.send({ method: 'PATCH', url: '/api/v1/me', payload })
const changePassword = (who: Person, more: object = {}) =>
  who.post('/api/v1/me/password', { current_password: PASSWORD, new_password: NEW, ...more })
const remove = (who: Person, url: string, payload?: object) =>
  who.send({ method: 'DELETE', url: `/api/v1/${url}`, ...(payload && { payload }) })
const at = (who: Person) => `admin/users/${who.user.id}`

t.test('whatever changes how an account is opened is told its owner by one email', async (t) => {
  const cases: [act: (who: Person) => Promise<unknown>, says: RegExp][] = [
    [(who) => createKey(who), /API key was created[\s\S]*tl_\w{8}…[\s\S]*tasks:read/],
    [(who) => patchMe(who, { username: `${who.user.username}.x` }), /username[\s\S]*was changed/],
    [(who) => changePassword(who), /password was changed[\s\S]*API keys have been revoked/],
    [(who) => changePassword(who, { keep_api_keys: true }), /Your API keys are still valid/],
    [(who) => remove(who, 'me', { password: PASSWORD }), /account was deleted/],
    [
      async (who) => {
        await login(who)
        await login(who)
        return remove(who, 'auth/sessions')
      },
      /2 other sessions/
    ],
    [
      async (who) => {
        await login(who)
        const [other] = (await who.get('/api/v1/auth/sessions')).json().data
        return remove(who, `auth/sessions/${other.id}`)
      },
      /Another session/
    ],
    [(who) => remove(root, `${at(who)}/sessions`), /by an administrator/],
    [
      async (who) => {
        await createKey(who)
        return remove(root, `${at(who)}/api-keys`)
      },
      /revoked an API key/
    ]
  ]
  for (const [act, says] of cases) {
    const ann = await confirmed()
    await act(ann)
    const [newest = '', ...others] = await ann.news()
    t.match(newest, says)
    t.ok(
      others.every((text) => /An API key was created/.test(text)),
      'and there is no other'
    )
  }
})

t.test('what changes nothing, and what a rollback undoes, sends no email', async (t) => {
  const bea = await confirmed()
  await remove(bea, 'auth/sessions')
  await patchMe(bea, { username: String(bea.user.username), name: 'Bea' })
  await patchMe(bea, { username: 'root' })
  await changePassword(bea, { current_password: 'wrong horse battery' })
  await remove(bea, 'me', { password: 'wrong horse battery' })
  await remove(root, `${at(bea)}/api-keys`)
  t.strictSame(await bea.news(), [])
})

t.test('an address that is not confirmed gets none', async (t) => {
  const cid = await signUp('user', 'cid', { email: 'cid@example.com' })
  const before = (await emailsTo(mail, 'cid@example.com')).length
  await createKey(cid)
  await patchMe(cid, { username: 'cid.2' })
  await changePassword(cid)
  t.equal((await emailsTo(mail, 'cid@example.com')).length, before)
})

t.test('an email repeats nothing that a thief typed', async (t) => {
  const dan = await confirmed()
  await createKey(dan, 'Visit evil.example now')
  await patchMe(dan, { username: 'evil.example' })
  t.notMatch((await dan.news()).join('\n'), /evil/)
})

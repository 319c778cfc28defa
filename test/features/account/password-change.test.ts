import argon2 from 'argon2'
import { eq } from 'drizzle-orm'
import t from 'tap'
import { createPasswords } from '../../../src/core/passwords.ts'
import { users } from '../../../src/db/tables/users.ts'
import { auditEntries } from '../../support/audit-log.ts'
import { countStatuses } from '../../support/status-counts.ts'
import { createTestApp, PASSWORD } from '../../support/test-app.ts'

const { request, db, signUp } = await createTestApp(t, {
  deps: { passwords: createPasswords() }
})
const NEW = 'a staple that is correct'
const login = (username: string, password: string) =>
  request({ method: 'POST', url: '/api/v1/auth/login', payload: { username, password } })
const bearer = (tokens: { access_token: string }) => ({
  authorization: `Bearer ${tokens.access_token}`
})
const hashOf = async (username: string) =>
  (
    await db.select({ hash: users.password_hash }).from(users).where(eq(users.username, username))
  )[0]?.hash as string
const storeHash = (username: string, password_hash: string) =>
  db.update(users).set({ password_hash }).where(eq(users.username, username))

t.test(
  'a password change requires the current password, keeps this session and ends the others',
  async (t) => {
    const ann = await signUp('user', 'ann')
    const other = (await login('ann', PASSWORD)).json()
    const response = await ann.post('/api/v1/me/password', {
      current_password: PASSWORD,
      new_password: NEW
    })
    t.equal(response.statusCode, 204)
    t.equal(response.body, '')
    t.equal((await ann.get('/api/v1/me')).statusCode, 200)
    t.equal(
      (
        await request({
          method: 'POST',
          url: '/api/v1/auth/refresh',
          payload: { refresh_token: ann.refresh_token }
        })
      ).statusCode,
      200
    )
    t.equal((await request({ url: '/api/v1/me', headers: bearer(other) })).statusCode, 401)
    t.equal(
      (
        await request({
          method: 'POST',
          url: '/api/v1/auth/refresh',
          payload: { refresh_token: other.refresh_token }
        })
      ).statusCode,
      401
    )
    t.equal((await login('ann', PASSWORD)).statusCode, 401)
    t.equal((await login('ann', NEW)).statusCode, 200)
    const entries = (
      await auditEntries(db, 'user.logged_in', 'user.registered', 'session.refreshed')
    ).filter(({ subject_id }) => subject_id === ann.user.id)
    t.match(entries, [
      { action: 'user.password_changed', outcome: 'succeeded', actor_id: ann.user.id },
      { action: 'user.sessions_ended', detail: '1' }
    ])
  }
)

t.test('a wrong current password is rejected, changes nothing and is audited', async (t) => {
  const bea = await signUp('user', 'bea')
  const other = (await login('bea', PASSWORD)).json()
  const response = await bea.post('/api/v1/me/password', {
    current_password: 'wrong horse battery',
    new_password: NEW
  })
  t.match(response.json(), { status: 403, code: 'wrong_password' })
  t.equal((await request({ url: '/api/v1/me', headers: bearer(other) })).statusCode, 200)
  t.equal((await login('bea', PASSWORD)).statusCode, 200)
  const entries = (await auditEntries(db, 'user.logged_in', 'user.registered')).filter(
    ({ subject_id }) => subject_id === bea.user.id
  )
  t.match(entries, [{ action: 'user.password_changed', outcome: 'failed', actor_id: bea.user.id }])
})

t.test('a password change revokes the API keys, unless they are kept', async (t) => {
  const change = async (username: string, more: object) => {
    const who = await signUp('user', username)
    const { key } = (
      await who.post('/api/v1/me/api-keys', {
        name: 'Report',
        scopes: ['tasks:read'],
        expires_at: new Date(Date.now() + 86_400_000).toISOString()
      })
    ).json()
    const passwords = { current_password: PASSWORD, new_password: NEW }
    t.equal((await who.post('/api/v1/me/password', { ...passwords, ...more })).statusCode, 204)
    const headers = { authorization: `Bearer ${key}` }
    return (await request({ url: '/api/v1/tasks', headers })).statusCode
  }
  t.equal(await change('keyless', {}), 401)
  t.equal(await change('keyless-2', { keep_api_keys: false }), 401)
  t.equal(await change('keeper', { keep_api_keys: true }), 200)
  const revoked = (await auditEntries(db)).filter(({ action }) => action === 'api_key.revoked')
  t.strictSame(
    revoked.map(({ actor_name }) => actor_name),
    ['keyless', 'keyless-2']
  )
})

t.test('the new password must satisfy the policy, and the error points to its field', async (t) => {
  const cid = await signUp('user', 'cid.of.tests')
  const change = async (new_password: string) =>
    (await cid.post('/api/v1/me/password', { current_password: PASSWORD, new_password })).json()
  t.match(await change('short'), {
    status: 400,
    errors: [{ pointer: '/new_password', code: 'too_short' }]
  })
  t.match(await change('Cid.of.Tests'), {
    status: 400,
    errors: [{ pointer: '/new_password', code: 'weak_password' }]
  })
  t.match((await cid.post('/api/v1/me/password', { new_password: NEW })).json(), {
    status: 400,
    errors: [{ pointer: '/current_password', code: 'required' }]
  })
  t.equal(
    (
      await request({
        method: 'POST',
        url: '/api/v1/me/password',
        payload: { current_password: PASSWORD, new_password: NEW }
      })
    ).statusCode,
    401
  )
})

t.test(
  'of parallel changes of one password exactly one succeeds, and its password is stored',
  async (t) => {
    const dan = await signUp('user', 'dan')
    const wanted = Array.from({ length: 6 }, (_, i) => `${NEW} ${i}`)
    const responses = await Promise.all(
      wanted.map((new_password) =>
        dan.post('/api/v1/me/password', { current_password: PASSWORD, new_password })
      )
    )
    const { 204: changed, 403: late = 0, 503: busy = 0 } = countStatuses(responses)
    t.equal(changed, 1)
    t.equal(late + busy, 5, 'the others are too late or get a 503')
    const won = wanted[responses.findIndex(({ statusCode }) => statusCode === 204)] as string
    t.equal((await login('dan', won)).statusCode, 200)
  }
)

t.test('a login in progress with the old password opens no session after the change', async (t) => {
  for (let round = 0; round < 5; round++) {
    const username = `racer-${round}`
    const eve = await signUp('user', username)
    const [, ...logins] = await Promise.all([
      eve.post('/api/v1/me/password', { current_password: PASSWORD, new_password: NEW }),
      ...Array.from({ length: 6 }, () => login(username, PASSWORD))
    ])
    for (const response of logins) {
      if (response.statusCode !== 200) {
        continue
      }
      t.equal(
        (await request({ url: '/api/v1/me', headers: bearer(response.json()) })).statusCode,
        401
      )
    }
    t.equal((await eve.get('/api/v1/auth/sessions')).json().data.length, 1)
  }
})

t.test('the next login renews a hash of lower cost, and the password stays the same', async (t) => {
  await signUp('user', 'fay')
  await storeHash(
    'fay',
    await argon2.hash(PASSWORD, {
      type: argon2.argon2id,
      memoryCost: 8192,
      timeCost: 1,
      parallelism: 1
    })
  )
  t.equal((await login('fay', 'wrong horse battery')).statusCode, 401)
  t.match(await hashOf('fay'), /m=8192/, 'not by a wrong one')
  const responses = await Promise.all([1, 2, 3, 4].map(() => login('fay', PASSWORD)))
  const { 200: opened = 0, 503: busy = 0 } = countStatuses(responses)
  t.ok(opened > 0)
  t.equal(opened + busy, 4, 'none is rejected because another one renewed the hash')
  t.match(await hashOf('fay'), /^\$argon2id\$v=19\$m=19456,p=1,t=2\$/)
  const renewed = await hashOf('fay')
  t.equal((await login('fay', PASSWORD)).statusCode, 200)
  t.equal(await hashOf('fay'), renewed, 'a current one is not renewed')
})

t.test('a stored hash of far higher cost than ours is never computed', async (t) => {
  await signUp('user', 'gus')
  await storeHash(
    'gus',
    await argon2.hash(PASSWORD, {
      type: argon2.argon2id,
      memoryCost: 65_536,
      timeCost: 2,
      parallelism: 1
    })
  )
  t.equal((await login('gus', PASSWORD)).statusCode, 401)
  await storeHash(
    'gus',
    '$argon2id$v=19$m=4194304,t=64,p=4$c29tZXNhbHRzb21lc2FsdA$0000000000000000000000000000000000000000000'
  )
  t.equal((await login('gus', PASSWORD)).statusCode, 401)
  await storeHash('gus', 'not a hash at all')
  t.equal((await login('gus', PASSWORD)).statusCode, 401)
})

import { eq, sql } from 'drizzle-orm'
import t from 'tap'
import { apiKeys } from '../../../src/db/tables/api-keys.ts'
import { idempotencyKeys } from '../../../src/db/tables/idempotency-keys.ts'
import { sessions } from '../../../src/db/tables/sessions.ts'
import { auditEntries, summarize } from '../../support/audit-log.ts'
import { secondInstance } from '../../support/second-instance.ts'
import { countStatuses } from '../../support/status-counts.ts'
import { createTestApp, PASSWORD, type Person } from '../../support/test-app.ts'

const h = await createTestApp(t)
const { request, db, signUp } = h
const NEW = 'a staple that is correct'
/** Moves the last password entry of every session of a user back in time. */
const advanceTime = (who: Person, span = '5 minutes 1 second') =>
  db
    .update(sessions)
    .set({ password_entered_at: sql`${sessions.password_entered_at} - ${span}::interval` })
    .where(eq(sessions.user_id, who.user.id))
const keyOrder = (more: object = {}) => ({
  name: 'Report',
  scopes: ['tasks:read'],
  expires_at: new Date(Date.now() + 86_400_000).toISOString(),
  ...more
})
const createKey = (who: Person, more: object = {}) =>
  who.post('/api/v1/me/api-keys', keyOrder(more))
const patchMe = (who: Person, payload: object) =>
  who.send({ method: 'PATCH', url: '/api/v1/me', payload })
const withPassword = { current_password: PASSWORD }
const needsPassword = {
  status: 403,
  code: 'password_required',
  errors: [{ in: 'body', pointer: '/current_password', code: 'required' }]
}

t.test(
  'five minutes after the last password entry a new key and another username need the password; a name does not',
  async (t) => {
    const ann = await signUp('user', 'ann')
    await advanceTime(ann, '4 minutes 50 seconds')
    t.equal((await createKey(ann)).statusCode, 201)
    t.equal((await patchMe(ann, { username: 'ann.2' })).statusCode, 200)
    await advanceTime(ann)
    t.match((await createKey(ann)).json(), needsPassword)
    t.match((await patchMe(ann, { username: 'ann.3', name: 'Ann' })).json(), needsPassword)
    t.match((await ann.get('/api/v1/me')).json(), { username: 'ann.2', name: null })
    t.equal(await db.$count(apiKeys, eq(apiKeys.user_id, ann.user.id)), 1)
    t.match((await patchMe(ann, { name: 'Ann', username: 'ann.2' })).json(), { name: 'Ann' })
    const refused = (await auditEntries(db)).filter(
      (entry) => entry.actor_id === ann.user.id && summarize(entry) === 'access.refused refused'
    )
    t.strictSame(
      refused.map(({ detail }) => detail),
      ['createApiKey', 'updateMe']
    )
  }
)

t.test('a right password in such a request is enough, and counts for the next ones', async (t) => {
  for (const enter of [
    (who: Person) => createKey(who, withPassword),
    (who: Person) => patchMe(who, { username: `${who.user.username}.x`, ...withPassword }),
    (who: Person) => patchMe(who, { email: `${who.user.id}@example.com`, ...withPassword }),
    (who: Person) => who.post('/api/v1/me/password', { ...withPassword, new_password: NEW })
  ]) {
    const bea = await signUp()
    await advanceTime(bea)
    t.match((await createKey(bea)).json(), needsPassword)
    t.ok((await enter(bea)).statusCode < 300)
    t.equal((await createKey(bea)).statusCode, 201)
  }
})

t.test('a wrong password changes nothing, is audited and counts for nothing', async (t) => {
  const cid = await signUp('user', 'cid')
  await advanceTime(cid)
  const wrong = { current_password: 'wrong horse battery' }
  t.match((await createKey(cid, wrong)).json(), { status: 403, code: 'wrong_password' })
  t.match((await patchMe(cid, { username: 'cid.2', ...wrong })).json(), { code: 'wrong_password' })
  t.match((await createKey(cid)).json(), needsPassword)
  t.match((await cid.get('/api/v1/me')).json(), { username: 'cid' })
  t.equal(await db.$count(apiKeys, eq(apiKeys.user_id, cid.user.id)), 0)
  const failed = (await auditEntries(db)).filter(
    ({ outcome, actor_id }) => outcome === 'failed' && actor_id === cid.user.id
  )
  t.strictSame(failed.map(summarize), ['api_key.created failed', 'user.profile_changed failed'])
})

t.test('a password vouches for its own session only, on every instance', async (t) => {
  const other = await secondInstance(t, h)
  const dan = await signUp('user', 'dan')
  await advanceTime(dan)
  const login = await request({
    method: 'POST',
    url: '/api/v1/auth/login',
    payload: { username: 'dan', password: PASSWORD }
  })
  const elsewhere = (token: string) =>
    other({
      method: 'POST',
      url: '/api/v1/me/api-keys',
      headers: { authorization: `Bearer ${token}` },
      payload: keyOrder()
    })
  t.equal((await elsewhere(login.json().access_token)).statusCode, 201, 'a log-in is an entry')
  t.match((await elsewhere(dan.access_token)).json(), needsPassword)
  const refreshed = await request({
    method: 'POST',
    url: '/api/v1/auth/refresh',
    payload: { refresh_token: dan.refresh_token }
  })
  const { access_token } = refreshed.json()
  t.match((await elsewhere(access_token)).json(), needsPassword, 'a refresh is none')
  t.equal((await createKey(dan, withPassword)).statusCode, 201)
  t.equal((await elsewhere(access_token)).statusCode, 201)
})

t.test('where no password is needed, one that is sent must still be right', async (t) => {
  const eve = await signUp('user', 'eve')
  t.equal((await createKey(eve, { current_password: 'wrong horse battery' })).statusCode, 403)
  t.match((await patchMe(eve, { name: 'Eve', ...withPassword })).json(), {
    status: 400,
    errors: [{ pointer: '/current_password', code: 'excluded' }]
  })
})

t.test('a repeated creation of a key is recognised without a hash of the password', async (t) => {
  const fay = await signUp('user', 'fay')
  const send = (more: object) =>
    fay.send({
      method: 'POST',
      url: '/api/v1/me/api-keys',
      payload: { ...keyOrder(), expires_at: '2027-01-01T00:00:00Z', ...more },
      headers: { 'idempotency-key': 'once' }
    })
  t.equal((await send(withPassword)).statusCode, 201)
  const [first] = await db.select().from(idempotencyKeys)
  t.equal((await send({})).json().code, 'key_already_made')
  await db.delete(idempotencyKeys)
  t.equal((await send({})).statusCode, 201)
  const [second] = await db.select().from(idempotencyKeys)
  t.equal(first?.fingerprint, second?.fingerprint)
})

t.test('no key survives a change of the password that it was made beside', async (t) => {
  for (let round = 0; round < 5; round++) {
    const gus = await signUp()
    const change = { ...withPassword, new_password: NEW }
    const [changed, ...made] = await Promise.all([
      gus.post('/api/v1/me/password', change),
      createKey(gus, withPassword),
      createKey(gus, withPassword),
      createKey(gus, withPassword)
    ])
    t.equal(changed?.statusCode, 204)
    const { 201: created = 0, 403: late = 0, 503: busy = 0 } = countStatuses(made)
    t.equal(created + late + busy, 3)
    t.equal(await db.$count(apiKeys, eq(apiKeys.user_id, gus.user.id)), 0)
  }
})

t.test('a session that has ended creates no key, however recent its password is', async (t) => {
  for (let round = 0; round < 5; round++) {
    const hal = await signUp()
    const { user } = hal
    const thief = (
      await request({
        method: 'POST',
        url: '/api/v1/auth/login',
        payload: { username: user.username, password: PASSWORD }
      })
    ).json()
    await Promise.all([
      hal.post('/api/v1/me/password', { ...withPassword, new_password: NEW }),
      ...[1, 2, 3, 4].map(() =>
        request({
          method: 'POST',
          url: '/api/v1/me/api-keys',
          headers: { authorization: `Bearer ${thief.access_token}` },
          payload: keyOrder()
        })
      )
    ])
    t.equal(await db.$count(apiKeys, eq(apiKeys.user_id, user.id)), 0)
  }
})

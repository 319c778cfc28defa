import { and, eq } from 'drizzle-orm'
import t from 'tap'
import { users } from '../../../src/db/tables/users.ts'
import { auditEntries, summarize } from '../../support/audit-log.ts'
import { secondInstance } from '../../support/second-instance.ts'
import { createTestApp, PASSWORD, type Person } from '../../support/test-app.ts'

const h = await createTestApp(t)
const { request, db, signUp } = h
const root = await signUp('admin', 'root')
const at = (id: string) => `/api/v1/admin/users/${id}`
const patch = (who: Person, id: string, payload: object) =>
  who.send({ method: 'PATCH', url: at(id), payload })
const factsAbout = async (id: string) =>
  (await auditEntries(db, 'user.registered', 'user.logged_in', 'access.refused')).filter(
    ({ subject_id }) => subject_id === id
  )
const refresh = (who: Person) =>
  request({
    method: 'POST',
    url: '/api/v1/auth/refresh',
    payload: { refresh_token: who.refresh_token }
  })

t.test('an admin reads an account, including whether it is disabled', async (t) => {
  const ann = await signUp('user', 'ann')
  const response = await root.get(at(ann.user.id.toUpperCase()))
  t.strictSame(response.json(), { ...ann.user, disabled: false })
  for (const id of ['019f2f6e-7c1a-7aaa-8aaa-0123456789ab', 'nonsense']) {
    t.equal((await root.get(at(id))).statusCode, 404)
    t.equal((await patch(root, id, { disabled: true })).statusCode, 404)
    t.equal((await root.send({ method: 'DELETE', url: at(id) })).statusCode, 404)
    t.equal((await root.send({ method: 'DELETE', url: `${at(id)}/sessions` })).statusCode, 404)
  }
})

t.test('a promotion takes effect immediately and keeps the session', async (t) => {
  const bea = await signUp('user', 'bea')
  t.equal((await bea.get('/api/v1/admin/audit-log')).statusCode, 403)
  const response = await patch(root, bea.user.id, { role: 'manager' })
  t.match(response.json(), { id: bea.user.id, role: 'manager', disabled: false })
  t.equal((await bea.get('/api/v1/admin/audit-log')).statusCode, 200)
  t.match((await bea.get('/api/v1/me')).json(), { role: 'manager' })
  t.match(await factsAbout(bea.user.id), [
    {
      action: 'user.role_changed',
      outcome: 'succeeded',
      actor_id: root.user.id,
      actor_name: 'root',
      detail: 'user to manager'
    }
  ])
})

t.test('a demotion takes effect immediately and ends the sessions', async (t) => {
  const cid = await signUp('manager', 'cid')
  t.equal((await cid.get('/api/v1/admin/audit-log')).statusCode, 200)
  t.equal((await patch(root, cid.user.id, { role: 'user' })).statusCode, 200)
  t.equal((await cid.get('/api/v1/me')).statusCode, 401)
  t.equal((await refresh(cid)).statusCode, 401)
  const again = (
    await request({
      method: 'POST',
      url: '/api/v1/auth/login',
      payload: { username: 'cid', password: PASSWORD }
    })
  ).json()
  t.equal(
    (
      await request({
        url: '/api/v1/admin/audit-log',
        headers: { authorization: `Bearer ${again.access_token}` }
      })
    ).statusCode,
    403
  )
  t.strictSame((await factsAbout(cid.user.id)).map(summarize).slice(0, 2), [
    'user.role_changed',
    'user.sessions_ended'
  ])
})

t.test(
  'disabling locks a user out immediately, on every instance within a second; enabling reverses it',
  async (t) => {
    const other = await secondInstance(t, h)
    const dan = await signUp('user', 'dan')
    const here = () => dan.get('/api/v1/me')
    t.equal((await here()).statusCode, 200)
    t.match((await patch(root, dan.user.id, { disabled: true })).json(), { disabled: true })
    t.equal((await here()).statusCode, 401)
    t.equal(
      (await other({ url: '/api/v1/me', headers: { authorization: `Bearer ${dan.access_token}` } }))
        .statusCode,
      401
    )
    t.equal((await refresh(dan)).statusCode, 401)
    t.equal(
      (
        await request({
          method: 'POST',
          url: '/api/v1/auth/login',
          payload: { username: 'dan', password: PASSWORD }
        })
      ).statusCode,
      401
    )
    t.match((await patch(root, dan.user.id, { disabled: false })).json(), { disabled: false })
    t.equal((await here()).statusCode, 401, 'ended sessions remain ended')
    t.equal(
      (
        await request({
          method: 'POST',
          url: '/api/v1/auth/login',
          payload: { username: 'dan', password: PASSWORD }
        })
      ).statusCode,
      200
    )
    t.strictSame((await factsAbout(dan.user.id)).map(summarize), [
      'user.disabled',
      'user.sessions_ended',
      'session.refreshed failed',
      'user.enabled'
    ])
  }
)

t.test('an admin ends every session of a user', async (t) => {
  const eve = await signUp('user', 'eve')
  t.equal(
    (await root.send({ method: 'DELETE', url: `${at(eve.user.id)}/sessions` })).statusCode,
    204
  )
  t.equal((await eve.get('/api/v1/me')).statusCode, 401)
  t.equal(
    (
      await request({
        method: 'POST',
        url: '/api/v1/auth/login',
        payload: { username: 'eve', password: PASSWORD }
      })
    ).statusCode,
    200
  )
  t.match(await factsAbout(eve.user.id), [
    { action: 'user.sessions_ended', actor_id: root.user.id, detail: '1' }
  ])
})

t.test('admins cannot change their own role or disable themselves', async (t) => {
  const second = await signUp('admin', 'second')
  t.match((await patch(second, second.user.id, { role: 'user' })).json(), {
    status: 403,
    code: 'own_account'
  })
  t.match((await patch(second, second.user.id, { disabled: true })).json(), {
    status: 403,
    code: 'own_account'
  })
  t.equal(
    (await patch(second, second.user.id, { role: 'admin', disabled: false })).statusCode,
    200,
    'a change without effect is no event'
  )
  t.match((await second.get('/api/v1/me')).json(), { role: 'admin' })
  t.equal(
    (await patch(root, second.user.id, { role: 'user' })).statusCode,
    200,
    'another admin can'
  )
})

t.test('the last active admin cannot be disabled or demoted', async (t) => {
  t.match((await patch(root, root.user.id, { disabled: true })).json(), {
    status: 409,
    code: 'last_admin'
  })
  t.match((await patch(root, root.user.id, { role: 'manager' })).json(), {
    status: 403,
    code: 'own_account'
  })
  t.match((await root.get(at(root.user.id))).json(), { role: 'admin', disabled: false })
})

t.test(
  'of two admins who demote or disable each other at the same time, one remains',
  async (t) => {
    const active = () => db.$count(users, and(eq(users.role, 'admin'), eq(users.disabled, false)))
    for (const change of [
      { role: 'user' },
      { disabled: true },
      { role: 'manager', disabled: true }
    ]) {
      const a = await signUp('admin')
      const b = await signUp('admin')
      await db.update(users).set({ disabled: true }).where(eq(users.id, root.user.id))
      const responses = await Promise.all([
        patch(a, b.user.id, change),
        patch(b, a.user.id, change)
      ])
      t.equal(await active(), 1)
      t.ok(responses.some(({ statusCode }) => statusCode === 200))
      await db.update(users).set({ disabled: false }).where(eq(users.id, root.user.id))
      for (const { user } of [a, b]) {
        await db.update(users).set({ role: 'user', disabled: false }).where(eq(users.id, user.id))
      }
    }
  }
)

t.test(
  'a request that violates the contract gets an error per field and changes nothing',
  async (t) => {
    const fay = await signUp('user', 'fay')
    const cases: [payload: object, fault: object][] = [
      [{}, { code: 'empty' }],
      [{ role: 'owner' }, { pointer: '/role', code: 'unknown_value' }],
      [{ role: null }, { pointer: '/role' }],
      [{ disabled: 'true' }, { pointer: '/disabled', code: 'wrong_type' }],
      [{ password: 'correct horse battery' }, { pointer: '/password', code: 'unknown_field' }],
      [{ email: 'x@example.com' }, { pointer: '/email', code: 'unknown_field' }]
    ]
    for (const [payload, fault] of cases) {
      t.match(
        (await patch(root, fay.user.id, payload)).json(),
        { status: 400, errors: [fault] },
        JSON.stringify(payload)
      )
    }
    t.strictSame(await factsAbout(fay.user.id), [])
  }
)

t.test('every route is for admins only; other roles are rejected and audited', async (t) => {
  const gus = await signUp('user', 'gus')
  const hal = await signUp('manager', 'hal')
  const calls = [
    ['GET', '/api/v1/admin/users'],
    ['GET', at(gus.user.id)],
    ['PATCH', at(gus.user.id)],
    ['DELETE', at(gus.user.id)],
    ['DELETE', `${at(gus.user.id)}/sessions`],
    ['GET', '/api/v1/admin/stats']
  ] as const
  for (const [method, url] of calls) {
    t.equal((await request({ method, url })).statusCode, 401)
    for (const who of [gus, hal]) {
      const response = await who.send({
        method,
        url,
        ...(method === 'PATCH' && { payload: { role: 'admin' } })
      })
      t.match(response.json(), { status: 403, code: 'not_allowed' }, `${method} ${url}`)
    }
  }
  const rejected = (await auditEntries(db)).filter(
    ({ action, actor_id }) => action === 'access.refused' && actor_id === gus.user.id
  )
  t.strictSame(
    rejected.map(({ detail, outcome, subject_id }) => [detail, outcome, subject_id]),
    [
      ['listUsers', 'refused', null],
      ['getUser', 'refused', gus.user.id],
      ['updateUser', 'refused', gus.user.id],
      ['deleteUser', 'refused', gus.user.id],
      ['endUserSessions', 'refused', gus.user.id],
      ['getStatistics', 'refused', null]
    ]
  )
  t.match((await gus.get('/api/v1/me')).json(), { role: 'user' })
})

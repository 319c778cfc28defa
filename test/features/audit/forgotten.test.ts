import { eq, sql } from 'drizzle-orm'
import t from 'tap'
import { auditEvents } from '../../../src/db/tables/audit-events.ts'
import { runScheduled } from '../../support/scheduled.ts'
import { createTestApp, PASSWORD, type Person } from '../../support/test-app.ts'

const EMAIL = 'ann@example.com'
const h = await createTestApp(t)
const { db, signUp, request } = h
const root = await signUp('admin', 'root')
const read = async (query: string) =>
  (await root.get(`/api/v1/admin/audit-log?limit=100&${query}`)).json().data
const login = (identifier: object, password: string, remoteAddress: string) =>
  request({
    method: 'POST',
    url: '/api/v1/auth/login',
    payload: { ...identifier, password },
    remoteAddress
  })
/** Deletes an account, with what a busy server leaves to its scheduled task. */
const deleteUser = async (who: Person) => {
  const response = await root.send({
    method: 'DELETE',
    url: `/api/v1/admin/users/${who.user.id}`
  })
  await runScheduled(h, 'accounts.purge')
  return response
}
const everything = async () => JSON.stringify(await db.select().from(auditEvents))

t.test('the audit log forgets name, email and IP addresses of a deleted account', async (t) => {
  const response = await request({
    method: 'POST',
    url: '/api/v1/auth/register',
    payload: { email: EMAIL, password: PASSWORD },
    remoteAddress: '198.51.100.1'
  })
  const { user, access_token, refresh_token } = response.json()
  const headers = { authorization: `Bearer ${access_token}` }
  const payload = { username: 'ann.of.tests' }
  await request({ method: 'PATCH', url: '/api/v1/me', payload, headers })
  await login({ email: EMAIL }, 'wrong horse battery', '198.51.100.2')
  await login({ username: 'ann.of.tests' }, PASSWORD, '198.51.100.3')
  await request({ url: '/api/v1/admin/users', headers, remoteAddress: '198.51.100.4' })
  for (let i = 0; i < 2; i++) {
    // The second is a reuse from elsewhere, by somebody who is not known.
    await request({
      method: 'POST',
      url: '/api/v1/auth/refresh',
      payload: { refresh_token },
      remoteAddress: `198.51.100.${5 + i}`
    })
  }
  await root.send({
    method: 'PATCH',
    url: `/api/v1/admin/users/${user.id}`,
    payload: { role: 'manager' }
  })
  const before = await read(`subject_id=${user.id}`)
  t.match(await everything(), /ann@example\.com.*198\.51\.100\.6/s)
  t.equal((await deleteUser({ user } as Person)).statusCode, 204)

  t.notMatch(await everything(), /ann@example|ann\.of\.tests|198\.51\.100\./)
  const pseudonym = `deleted user ${user.id.slice(-12)}`
  const [deletion, ...after] = await read(`subject_id=${user.id}`)
  t.match(deletion, { action: 'user.deleted', actor_name: 'root', address: '127.0.0.1' })
  const isRoot = ({ actor_id }: { actor_id: string | null }) => actor_id === root.user.id
  t.strictSame(
    after,
    before.map((event: { actor_id: string | null }) =>
      isRoot(event) ? event : { ...event, actor_name: event.actor_id && pseudonym, address: null }
    ),
    'nothing else has changed'
  )
  t.ok(after.some(isRoot))
})

t.test('events of sessions that are long over are forgotten as well', async (t) => {
  const cid = await signUp()
  for (let i = 0; i < 2; i++) {
    await request({
      method: 'POST',
      url: '/api/v1/auth/refresh',
      payload: { refresh_token: cid.refresh_token },
      remoteAddress: `198.51.100.${80 + i}`
    })
  }
  t.match(await everything(), '198.51.100.81')
  await db.execute(
    sql`UPDATE sessions SET ended_at = now() - interval '30 days' WHERE user_id = ${cid.user.id}`
  )
  await runScheduled(h, 'sessions.purge')
  await deleteUser(cid)
  t.notMatch(await everything(), /198\.51\.100\.8\d/)
})

t.test('other accounts keep theirs', async (t) => {
  const [bob, cid] = [await signUp('user', 'bob'), await signUp('user', 'cid')]
  await deleteUser(bob)
  t.match(await read(`actor_id=${cid.user.id}`), [{ actor_name: 'cid', address: '127.0.0.1' }])
  t.equal(await db.$count(auditEvents, eq(auditEvents.actor_name, 'bob')), 0)
})

t.test('no event of an account that is not deleted can be forgotten', async (t) => {
  const dan = await signUp('user', 'dan')
  const forget = (id: string) =>
    db.execute(`select audit_events_forget('${id}', 1000)`).then(
      () => 'done',
      (error) => error.cause?.code
    )
  t.equal(await forget(dan.user.id), '42501')
  t.equal(await forget(crypto.randomUUID()), '42501')
  t.match(await read(`actor_id=${dan.user.id}`), [{ actor_name: 'dan' }])
})

import { eq, sql } from 'drizzle-orm'
import t from 'tap'
import { executeRows } from '../../../src/db/rows.ts'
import { refreshTokens, sessions } from '../../../src/db/tables/sessions.ts'
import { taskEvents } from '../../../src/db/tables/task-events.ts'
import { tasks } from '../../../src/db/tables/tasks.ts'
import { users } from '../../../src/db/tables/users.ts'
import { auditEntries } from '../../support/audit-log.ts'
import { advanceDeletionTime, runScheduled } from '../../support/scheduled.ts'
import { createTestApp, PASSWORD, type Person } from '../../support/test-app.ts'

const h = await createTestApp(t)
const { request, db, signUp, events } = h
const root = await signUp('admin', 'root')
/** Deletes an account, with what a busy server leaves to its scheduled task. */
const deleted = async (request: ReturnType<Person['send']>) => {
  const response = await request
  await runScheduled(h, 'accounts.purge')
  return response
}
const askToDeleteMe = (who: Person, password = PASSWORD) =>
  who.send({ method: 'DELETE', url: '/api/v1/me', payload: { password } })
const askToDelete = (who: Person, id: string) =>
  who.send({ method: 'DELETE', url: `/api/v1/admin/users/${id}` })
const deleteMe = (who: Person, password = PASSWORD) => deleted(askToDeleteMe(who, password))
const deleteUser = (who: Person, id: string) => deleted(askToDelete(who, id))

t.test(
  'deleting an account takes its password and deletes its tasks, their history, sessions and tokens',
  async (t) => {
    const ann = await signUp('user', 'ann')
    const task = await ann.create({ title: 'Paint the door' })
    await ann.remove(task)
    await ann.create({ title: 'Paint the gate' })
    const response = await deleteMe(ann)
    t.equal(response.statusCode, 204)
    t.equal((await ann.get('/api/v1/me')).statusCode, 401)
    t.equal(
      (
        await request({
          method: 'POST',
          url: '/api/v1/auth/refresh',
          payload: { refresh_token: ann.refresh_token }
        })
      ).statusCode,
      401
    )
    t.equal(
      (
        await request({
          method: 'POST',
          url: '/api/v1/auth/login',
          payload: { username: 'ann', password: PASSWORD }
        })
      ).statusCode,
      401
    )
    t.equal(await db.$count(tasks, eq(tasks.owner_id, ann.user.id)), 0)
    t.equal(await db.$count(taskEvents, eq(taskEvents.owner_id, ann.user.id)), 0)
    t.equal(await db.$count(sessions, eq(sessions.user_id, ann.user.id)), 0)
    t.equal(await db.$count(refreshTokens, sql`session_id not in (select id from sessions)`), 0)
    t.equal((await signUp('user', 'ann')).user.username, 'ann', 'the name is available again')
  }
)

t.test('a wrong password deletes nothing and is audited', async (t) => {
  const bea = await signUp('user', 'bea')
  t.match((await deleteMe(bea, 'wrong horse battery')).json(), {
    status: 403,
    code: 'wrong_password'
  })
  t.equal((await bea.get('/api/v1/me')).statusCode, 200)
  const entries = (await auditEntries(db, 'user.registered')).filter(
    ({ actor_id }) => actor_id === bea.user.id
  )
  t.match(entries, [{ action: 'user.deleted', outcome: 'failed', subject_id: bea.user.id }])
  t.equal(
    (await bea.send({ method: 'DELETE', url: '/api/v1/me' })).statusCode,
    400,
    'nor does a missing one'
  )
})

t.test('an admin deletes another user with everything they own, immediately', async (t) => {
  const cid = await signUp('user', 'cid')
  await cid.create({ title: 'Paint the door' })
  t.equal((await cid.get('/api/v1/me')).statusCode, 200)
  t.equal((await deleteUser(root, cid.user.id)).statusCode, 204)
  t.equal((await cid.get('/api/v1/me')).statusCode, 401)
  t.equal(await db.$count(tasks, eq(tasks.owner_id, cid.user.id)), 0)
  t.equal((await root.get(`/api/v1/admin/users/${cid.user.id}`)).statusCode, 404)
  t.equal((await deleteUser(root, cid.user.id)).statusCode, 404, 'and only once')
})

t.test(
  'a deleted user is unassigned from the tasks of others, which get a new version and an event',
  async (t) => {
    const owner = await signUp('user', 'owner')
    const helper = await signUp('user', 'helper')
    const task = await owner.create({ title: 'Paint the door', assignee_id: helper.user.id })
    const trashed = await owner.create({ title: 'Paint the gate', assignee_id: helper.user.id })
    await owner.remove(trashed)
    await deleteMe(helper)
    t.match((await owner.read(task)).json(), { assignee_id: null, version: 2 })
    t.strictSame(await events.of(task), ['task.created', 'task.updated'])
    t.match((await owner.restore(trashed)).json(), { assignee_id: null })
    t.match((await owner.patch(task, { assignee_id: helper.user.id })).json(), {
      status: 400,
      errors: [{ code: 'unknown_user' }]
    })
  }
)

t.test('of parallel deletions of one account exactly one succeeds', async (t) => {
  const [eve, fay] = [await signUp(), await signUp()]
  await eve.create({ title: 'Paint the door' })
  const own = await Promise.all(Array.from({ length: 5 }, () => askToDeleteMe(eve)))
  const statuses = own.map(({ statusCode }) => statusCode).sort()
  t.equal(statuses[0], 204)
  // A machine that is too busy for five hashes says so.
  t.strictSame(
    statuses.slice(1).filter((status) => status !== 401 && status !== 503),
    []
  )
  const byRoot = await Promise.all(Array.from({ length: 5 }, () => askToDelete(root, fay.user.id)))
  t.strictSame(byRoot.map(({ statusCode }) => statusCode).sort(), [204, 404, 404, 404, 404])
  for (const { user } of [eve, fay]) {
    const facts = (await auditEntries(db)).filter(
      ({ action, outcome, subject_id }) =>
        action === 'user.deleted' && outcome === 'succeeded' && subject_id === user.id
    )
    t.equal(facts.length, 1)
  }
})

t.test('the last active admin cannot be deleted, by either route', async (t) => {
  t.match((await deleteMe(root)).json(), { status: 409, code: 'last_admin' })
  t.match((await deleteUser(root, root.user.id)).json(), { status: 409, code: 'last_admin' })
  const other = await signUp('admin', 'other-root')
  await db.update(users).set({ disabled: true }).where(eq(users.id, other.user.id))
  t.equal((await deleteMe(root)).statusCode, 409, 'a disabled admin does not count')
  await db.update(users).set({ disabled: false }).where(eq(users.id, other.user.id))
  t.match(
    (await deleteUser(root, root.user.id)).json(),
    { status: 403, code: 'own_account' },
    'even one of two admins deletes their own account under /me'
  )
  t.equal((await deleteMe(other)).statusCode, 204)
})

t.test('of two admins who are deleted at the same time, one remains', async (t) => {
  for (let round = 0; round < 5; round++) {
    const second = await signUp('admin', `second-${round}`)
    const admins = () => db.$count(users, eq(users.role, 'admin'))
    t.equal(await admins(), 2)
    const wait = await Promise.all([askToDelete(root, second.user.id), askToDeleteMe(second)])
    t.equal(await admins(), 1)
    t.ok(wait.some(({ statusCode }) => statusCode === 204))
    t.equal((await root.get('/api/v1/me')).statusCode, 200)
  }
  const a = await signUp('admin', 'a')
  const b = await signUp('admin', 'b')
  await db.update(users).set({ role: 'user' }).where(eq(users.id, root.user.id))
  const responses = await Promise.all([askToDeleteMe(a), askToDeleteMe(b)])
  t.strictSame(responses.map(({ statusCode }) => statusCode).sort(), [204, 409])
})

t.test('nothing retains the name of a deleted account, and the audit log its id', async (t) => {
  const response = await request({
    method: 'POST',
    url: '/api/v1/auth/register',
    payload: {
      username: 'gone.signUp',
      email: 'gone.signUp@example.com',
      name: 'Gone Person',
      password: PASSWORD
    }
  })
  const { user, access_token } = response.json()
  const send = (options: object) =>
    request({ url: '/api/v1/me', headers: { authorization: `Bearer ${access_token}` }, ...options })
  await send({
    method: 'POST',
    url: '/api/v1/tasks',
    payload: { title: 'A private matter of Gone Person' }
  })
  t.equal((await send({ method: 'DELETE', payload: { password: PASSWORD } })).statusCode, 204)
  await advanceDeletionTime(db)
  await runScheduled(h, 'accounts.purge')
  // Every instance has seen by then that the account is gone.
  await db.execute(sql`UPDATE access_changes SET created_at = now() - interval '10 minutes'`)
  await runScheduled(h, 'access_changes.purge')
  const holding: string[] = []
  const naming: string[] = []
  for (const { table_name } of await executeRows<{ table_name: string }>(
    db,
    sql`
      SELECT table_name
      FROM information_schema.tables
      WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`
  )) {
    const holds = async (text: string) =>
      (
        await executeRows(
          db,
          sql`
            SELECT 1 AS one
            FROM ${sql.identifier(table_name)} x
            WHERE x::text ILIKE ${`%${text}%`}
            LIMIT 1`
        )
      ).length > 0
    if (await holds(user.id)) {
      holding.push(table_name)
    }
    if ((await holds('gone.signUp')) || (await holds('gone person'))) {
      naming.push(table_name)
    }
  }
  t.strictSame(holding, ['audit_events'])
  t.strictSame(naming, [])
  const entries = (await auditEntries(db)).filter(({ actor_id }) => actor_id === user.id)
  t.strictSame([...new Set(entries.map(({ actor_name }) => actor_name))], [null])
})

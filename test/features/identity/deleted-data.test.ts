import { eq, or, sql } from 'drizzle-orm'
import t from 'tap'
import { auditEvents } from '../../../src/db/tables/audit-events.ts'
import { idempotencyKeys } from '../../../src/db/tables/idempotency-keys.ts'
import { refreshTokens, sessions } from '../../../src/db/tables/sessions.ts'
import { taskEvents } from '../../../src/db/tables/task-events.ts'
import { taskImportErrors, taskImports } from '../../../src/db/tables/task-imports.ts'
import { tasks } from '../../../src/db/tables/tasks.ts'
import { users } from '../../../src/db/tables/users.ts'
import { composeFeatures } from '../../../src/features.ts'
import { advanceDeletionTime, runScheduled } from '../../support/scheduled.ts'
import { createTestApp, PASSWORD, type Person } from '../../support/test-app.ts'

/** An app whose requests leave everything of a deleted account to the scheduled task, as those of a huge one do. */
const features = composeFeatures().map(({ ownedData: _, ...feature }) => feature)
const h = await createTestApp(t, { features })
const { db, signUp, request, events } = h
const root = await signUp('admin', 'root')
const deleteMe = (who: Person) =>
  who.send({ method: 'DELETE', url: '/api/v1/me', payload: { password: PASSWORD } })
const purge = () => runScheduled(h, 'accounts.purge')
const count = async (who: Person, query: string) =>
  (await who.get(`/api/v1/tasks?include_total=true&${query}`)).json().pagination.total

t.test('what a deleted account has left is out of sight at once, for everybody', async (t) => {
  const ann = await signUp('user', 'ann', { email: 'ann@example.com' })
  const bob = await signUp('user', 'bob')
  const task = await ann.create({ title: 'Paint the door', assignee_id: bob.user.id })
  const trashed = await ann.create({ title: 'Paint the gate' })
  await ann.remove(trashed)
  const mine = await bob.create({ title: 'Paint the fence' })
  const before = (await root.get('/api/v1/admin/stats')).json()
  t.equal((await deleteMe(ann)).statusCode, 204)
  t.equal(await db.$count(tasks, eq(tasks.owner_id, ann.user.id)), 2, 'they are still stored')

  const ids = async (who: Person, url: string) =>
    (await who.get(url)).json().data.map(({ id }: { id: string }) => id)
  t.strictSame(await ids(bob, '/api/v1/tasks'), [mine.id])
  t.strictSame(await ids(root, '/api/v1/tasks?scope=all'), [mine.id])
  t.strictSame(await ids(root, '/api/v1/tasks?scope=all&deleted=include&q=paint'), [mine.id])
  t.strictSame(await ids(root, `/api/v1/tasks?owner_id=${ann.user.id}&deleted=include`), [])
  t.equal(await count(root, 'scope=all'), 1)
  t.equal((await root.get('/api/v1/task-stats?scope=all')).json().total, 1)
  t.notMatch((await root.get('/api/v1/task-exports/csv?scope=all')).body, 'door')
  for (const who of [bob, root]) {
    t.equal((await who.read(task)).statusCode, 404)
    t.equal((await who.patch(task, { status: 'done' })).statusCode, 404)
    t.equal((await who.remove(task)).statusCode, 404)
    t.equal((await who.get(`/api/v1/tasks/${task.id}/events`)).statusCode, 404)
  }
  t.equal((await root.restore(trashed)).statusCode, 404)
  const after = (await root.get('/api/v1/admin/stats')).json()
  t.equal(after.users.total, before.users.total - 1)
  t.equal(after.tasks.total, before.tasks.total - 1)
  t.equal(after.tasks.deleted, before.tasks.deleted - 1)
  t.equal(after.days.at(-1).tasks, before.days.at(-1).tasks - 2)
  t.equal(after.days.at(-1).users, before.days.at(-1).users - 1)

  const at = `/api/v1/admin/users/${ann.user.id}`
  t.equal((await root.get(at)).statusCode, 404)
  t.equal((await root.send({ method: 'DELETE', url: at })).statusCode, 404)
  t.equal((await root.send({ method: 'DELETE', url: `${at}/sessions` })).statusCode, 404)
  const enabled = { method: 'PATCH', url: at, payload: { disabled: false } } as const
  t.equal((await root.send(enabled)).statusCode, 404)
  const list = await root.get('/api/v1/admin/users?include_total=true&limit=100')
  t.notMatch(list.body, ann.user.id)
  t.equal(list.json().pagination.total, after.users.total)
  t.match((await bob.patch(mine, { assignee_id: ann.user.id })).json(), {
    errors: [{ code: 'unknown_user' }]
  })
  t.equal((await ann.get('/api/v1/me')).statusCode, 401)
})

t.test('username and email of a deleted account can be taken at once', async (t) => {
  const email = 'cid@example.com'
  const cid = await signUp('user', 'cid', { email })
  const admin = await signUp('admin')
  const url = `/api/v1/admin/users/${cid.user.id}`
  t.equal((await admin.send({ method: 'DELETE', url })).statusCode, 204)
  const next = await signUp('user', 'cid', { email })
  t.equal((await next.get('/api/v1/tasks')).statusCode, 200)
  const login = await request({
    method: 'POST',
    url: '/api/v1/auth/login',
    payload: { email, password: PASSWORD }
  })
  t.equal(login.json().user.id, next.user.id)
})

/** Gives an account more than a chunk of everything: tasks, history, sessions, tokens, imports, keys, assignments. */
async function fill(who: string, owner: string): Promise<void> {
  const made = (columns: string, values: string) =>
    db.execute(sql.raw(`INSERT INTO ${columns} SELECT ${values} FROM generate_series(1, 1200) n`))
  const title = `(owner_id, id, title, status, priority, tags, assignee_id, deleted_at)`
  const values = `gen_random_uuid(), 'Task ' || n, 'todo', 'low', '{}'`
  const deletedAt = `CASE WHEN n % 2 = 0 THEN now() END`
  await made(`tasks ${title}`, `'${who}', ${values}, NULL, ${deletedAt}`)
  await made(`tasks ${title}`, `'${owner}', ${values}, '${who}', ${deletedAt}`)
  await made(
    'task_events (owner_id, task_id, version, id, type, changes)',
    `'${who}', gen_random_uuid(), 1, gen_random_uuid(), 'task.created', '{}'`
  )
  await made(
    'sessions (id, user_id, address_prefix, idle_expires_at, expires_at)',
    `gen_random_uuid(), '${who}', '192.0.2.0/24', now(), now()`
  )
  await db.execute(sql`
    INSERT INTO refresh_tokens (hash, session_id, expires_at)
    SELECT 'hash-' || id || n, id, now()
    FROM (SELECT id FROM sessions WHERE user_id = ${who} LIMIT 2) s, generate_series(1, 1100) n`)
  await made(
    'idempotency_keys (caller_id, operation, key, fingerprint, role)',
    `'${who}', 'createTask', 'key-' || n, 'f', 'user'`
  )
  const [id] = [crypto.randomUUID()]
  await db.execute(sql`
    INSERT INTO task_imports (owner_id, id, status, file_name, dry_run, request_id, finished_at)
    VALUES (${who}, ${id}, 'failed', 'x.csv', false, 'r', now())`)
  await made(
    'task_import_errors (owner_id, import_id, row, "column", code, message)',
    `'${who}', '${id}', n, '', 'required', 'x'`
  )
  await made(
    'audit_events (id, action, outcome, actor_id, actor_name, address, request_id)',
    `gen_random_uuid(), 'session.refreshed', 'succeeded', '${who}', 'dora', '192.0.2.7', 'r'`
  )
}

t.test(
  'a large account is deleted in chunks, and taken off tasks with an event each',
  async (t) => {
    const [dora, owner] = [await signUp('user', 'dora'), await signUp()]
    await fill(dora.user.id, owner.user.id)
    const kept = await owner.create({ title: 'Kept', assignee_id: dora.user.id })
    t.equal((await deleteMe(dora)).statusCode, 204)
    const left = async () => ({
      tasks: await db.$count(tasks, eq(tasks.owner_id, dora.user.id)),
      assigned: await db.$count(tasks, eq(tasks.assignee_id, dora.user.id)),
      events: await db.$count(taskEvents, eq(taskEvents.owner_id, dora.user.id)),
      sessions: await db.$count(sessions, eq(sessions.user_id, dora.user.id)),
      tokens: await db.$count(refreshTokens, sql`hash like 'hash-%'`),
      imports: await db.$count(taskImports, eq(taskImports.owner_id, dora.user.id)),
      errors: await db.$count(taskImportErrors, eq(taskImportErrors.owner_id, dora.user.id)),
      names: await db.$count(
        auditEvents,
        or(eq(auditEvents.actor_name, 'dora'), eq(auditEvents.address, '192.0.2.7'))
      )
    })
    const nothing = Object.fromEntries(Object.keys(await left()).map((name) => [name, 0]))
    await purge()
    t.strictSame(await left(), nothing)
    t.equal(await db.$count(idempotencyKeys, eq(idempotencyKeys.caller_id, dora.user.id)), 0)
    t.equal(await db.$count(tasks, eq(tasks.owner_id, owner.user.id)), 1201)
    t.match((await owner.read(kept)).json(), { assignee_id: null, version: 2 })
    t.strictSame(await events.of(kept), ['task.created', 'task.updated'])
    const isUnassigned = sql`owner_id = ${owner.user.id} AND type = 'task.updated'`
    t.equal(await db.$count(taskEvents, isUnassigned), 1201)
    const by = sql`${isUnassigned} AND actor_id = ${dora.user.id} AND request_id IS NOT NULL`
    t.equal(await db.$count(taskEvents, by), 1201, 'each names who deleted the account')

    await advanceDeletionTime(db)
    await purge()
    t.equal(await db.$count(users, eq(users.id, dora.user.id)), 0)
    t.equal(await purge(), 0)
    t.strictSame(await left(), nothing)
  }
)

t.test('what a request in progress adds to a deleted account is deleted as well', async (t) => {
  const eve = await signUp()
  await deleteMe(eve)
  // However slow this machine is, the deletion was a moment ago.
  await advanceDeletionTime(db, -1)
  await purge()
  t.equal(await db.$count(users, eq(users.id, eve.user.id)), 1)
  await db.execute(sql`
    INSERT INTO tasks (owner_id, id, title, status, priority, tags)
    VALUES (${eve.user.id}, gen_random_uuid(), 'Late', 'todo', 'low', '{}')`)
  await advanceDeletionTime(db, 2)
  await purge()
  t.equal(await db.$count(tasks, eq(tasks.owner_id, eve.user.id)), 0)
  t.equal(await db.$count(users, eq(users.id, eve.user.id)), 0)
})

import { eq, sql } from 'drizzle-orm'
import t from 'tap'
import { tasks } from '../../src/db/tables/tasks.ts'
import { users } from '../../src/db/tables/users.ts'
import { call, logIn, startServer } from '../support/command.ts'
import { createTestDatabase, openWithoutTimeouts, serverUrl } from '../support/database.ts'
import { advanceDeletionTime } from '../support/scheduled.ts'
import { createTestApp, PASSWORD } from '../support/test-app.ts'
import { waitUntil } from '../support/wait-until.ts'

const skip = serverUrl === undefined && 'the embedded database has one connection'
const TASKS = 20_000
const LONG_MS = 60_000

t.test(
  'a user whose deletion takes long keeps no admin from logging in, acting or being deleted',
  { skip },
  async (t) => {
    const h = await createTestApp(t)
    const [root, second] = [await h.signUp('admin', 'root'), await h.signUp('admin', 'second')]
    const [slow, other] = [await h.signUp(), await h.signUp()]
    const patch = (id: string, payload: object) =>
      root.send({ method: 'PATCH', url: `/api/v1/admin/users/${id}`, payload })
    const own = await openWithoutTimeouts(t, h.database.url)
    let deletion: Promise<{ statusCode: number }> | undefined
    await own.transaction(async (tx) => {
      await tx.select({ id: users.id }).from(users).where(eq(users.id, slow.user.id)).for('update')
      deletion = slow.send({ method: 'DELETE', url: '/api/v1/me', payload: { password: PASSWORD } })
      await waitUntil('a deletion that waits', async () => {
        const waiting = sql`SELECT 1 FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()
          AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())`
        return ((await h.db.execute(waiting)) as unknown as unknown[]).length > 0
      })
      const credentials = { username: 'root', password: PASSWORD }
      const login = { method: 'POST', url: '/api/v1/auth/login', payload: credentials } as const
      t.equal((await h.request(login)).statusCode, 200)
      t.equal((await patch(other.user.id, { disabled: true })).statusCode, 200)
      t.equal((await patch(second.user.id, { role: 'manager' })).statusCode, 200)
      t.equal((await patch(second.user.id, { role: 'admin' })).statusCode, 200)
      const url = `/api/v1/admin/users/${second.user.id}`
      t.equal((await root.send({ method: 'DELETE', url })).statusCode, 204)
    })
    t.equal((await deletion)?.statusCode, 204)
  }
)

t.test('an account whose owner deletes it again and again can be disabled', { skip }, async (t) => {
  const h = await createTestApp(t)
  const root = await h.signUp('admin', 'root')
  const ann = await h.signUp()
  let isOver = false
  const loops = Array.from({ length: 3 }, async () => {
    const statuses = new Set<number>()
    while (!isOver) {
      const payload = { password: 'a wrong passphrase' }
      const { statusCode } = await ann.send({ method: 'DELETE', url: '/api/v1/me', payload })
      statuses.add(statusCode)
    }
    return [...statuses]
  })
  for (const disabled of [true, false, true]) {
    const url = `/api/v1/admin/users/${ann.user.id}`
    t.match(await root.send({ method: 'PATCH', url, payload: { disabled } }), { statusCode: 200 })
  }
  isOver = true
  const statuses = (await Promise.all(loops)).flat()
  t.strictSame(
    statuses.filter((status) => status !== 403 && status !== 401),
    []
  )
})

t.test(
  'a deletion whose server is killed on the way is finished by the next, by several at once',
  { skip },
  async (t) => {
    const database = await createTestDatabase()
    t.teardown(() => database.close())
    const { db } = database
    const cwd = t.testdir()
    const env = { DATABASE_URL: database.url as string, DRAIN_SECONDS: '0', LOG_LEVEL: 'info' }
    const server = await startServer(t, env, cwd)
    // The first is an admin, and the last of them.
    for (const username of ['bob', 'ann']) {
      const body = { username, password: PASSWORD }
      await call(`${server.url}/api/v1/auth/register`, { method: 'POST', body })
    }
    const [ann] = await db.select({ id: users.id }).from(users).where(eq(users.username, 'ann'))
    const own = await openWithoutTimeouts(t, database.url)
    const taskId = sql`lpad(to_hex(n), 32, '0')::uuid`
    await own.execute(sql`
      INSERT INTO tasks (owner_id, id, title, status, priority, tags)
      SELECT ${ann?.id}::uuid, ${taskId}, 'Task', 'todo', 'low', '{}'
      FROM generate_series(1, ${TASKS}::int) n`)
    await own.execute(sql`
      INSERT INTO task_events (owner_id, task_id, version, id, type, changes)
      SELECT ${ann?.id}::uuid, ${taskId}, 1, gen_random_uuid(), 'task.created', '{}'
      FROM generate_series(1, ${TASKS}::int) n`)
    const count = () => db.$count(tasks)
    const token = await logIn(server.url, 'ann')
    // The last in every order: whoever deletes it has to wait, so that the deletion does not come to its end.
    await own.transaction(async (tx) => {
      await tx.execute(sql`
        SELECT id FROM tasks WHERE owner_id = ${ann?.id} ORDER BY id DESC LIMIT 1 FOR UPDATE`)
      const deleted = await call(`${server.url}/api/v1/me`, {
        method: 'DELETE',
        token,
        body: { password: PASSWORD }
      })
      t.equal(deleted.status, 204)
      await waitUntil('a part of the deletion', async () => (await count()) < TASKS, LONG_MS)
      await server.stop('SIGKILL')
      const atKill = await count()
      t.ok(atKill > 0, `${atKill} are left when the server is killed`)
    })

    const [one, two] = await Promise.all([startServer(t, env, cwd), startServer(t, env, cwd)])
    await waitUntil('the end of the deletion', async () => (await count()) === 0, LONG_MS)
    await advanceDeletionTime(db)
    await waitUntil('the end of the account', async () => (await db.$count(users)) === 1, LONG_MS)
    const left = sql`SELECT count(*)::int AS events FROM task_events`
    t.strictSame([...((await db.execute(left)) as unknown as object[])], [{ events: 0 }])
    for (const { code, stdout } of await Promise.all([one, two].map((it) => it.stop('SIGTERM')))) {
      t.equal(code, 0)
      t.notMatch(stdout, /scheduled task failed/)
    }
  }
)

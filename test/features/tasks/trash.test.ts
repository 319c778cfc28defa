import { eq, sql } from 'drizzle-orm'
import t from 'tap'
import { taskEvents } from '../../../src/db/tables/task-events.ts'
import { purgeTasks } from '../../../src/features/tasks/trash.ts'
import { createTestApp } from '../../support/test-app.ts'

const { db, events, signUp } = await createTestApp(t)

t.test('a deleted task is only in the trash, and is restored as it was', async (t) => {
  const ann = await signUp()
  const task = await ann.create({ title: 'Paint', status: 'done' })
  t.equal((await ann.remove(task)).statusCode, 204)
  t.equal((await ann.read(task)).statusCode, 404)
  t.equal((await ann.remove(task)).statusCode, 404)
  t.equal((await ann.patch(task, { title: 'x' })).statusCode, 404)
  t.strictSame((await ann.get('/api/v1/tasks')).json().data, [])
  const [trashed] = (await ann.get('/api/v1/tasks?deleted=only')).json().data
  t.match(trashed, { id: task.id, version: 2 })
  t.type(trashed.deleted_at, 'string')
  const restored = (await ann.restore(task)).json()
  t.strictSame({ ...restored, version: 1, updated_at: task.updated_at }, task)
  t.strictSame((await ann.restore(task)).json(), restored)
  t.strictSame(await events.of(task), ['task.created', 'task.deleted', 'task.restored'])
})

t.test(
  "the response to somebody else's task is the same as to one that does not exist",
  async (t) => {
    const [ann, bob] = [await signUp(), await signUp()]
    const task = await ann.create({ title: 'Mine' })
    const absent = { id: '019f2f6e-7c1a-7aaa-8aaa-0123456789ab' }
    const strip = (body: string, id: string) =>
      body.replaceAll(id, 'ID').replace(/"request_id":"[^"]+"/, '')
    for (const act of ['read', 'patch', 'put', 'remove', 'restore'] as const) {
      const payload =
        act === 'put'
          ? {
              title: 'x',
              description: null,
              status: 'todo',
              priority: 'low',
              due_date: null,
              tags: [],
              assignee_id: null
            }
          : { title: 'x' }
      const attempt = (at: { id: string }) =>
        act === 'patch' || act === 'put' ? bob[act](at, payload) : bob[act](at)
      const [theirs, nobodys] = [await attempt(task), await attempt(absent)]
      t.equal(theirs.statusCode, 404, act)
      t.equal(strip(theirs.body, task.id), strip(nobodys.body, absent.id), act)
    }
    t.equal((await bob.get(`/api/v1/tasks/${task.id}/events`)).statusCode, 404)
    t.strictSame(await events.of(task), ['task.created'])
  }
)

t.test(
  "deleting all tasks deletes only the caller's own, also for an admin, with an event each",
  async (t) => {
    const [ann, root] = [await signUp(), await signUp('admin')]
    const other = await ann.create({ title: "Ann's" })
    const mine = [await root.create({ title: 'One' }), await root.create({ title: 'Two' })]
    const response = await root.send({ method: 'DELETE', url: '/api/v1/tasks?confirm=all' })
    t.strictSame([response.statusCode, response.json()], [200, { deleted: 2 }])
    t.equal((await ann.read(other)).statusCode, 200)
    for (const task of mine) {
      t.strictSame(await events.of(task), ['task.created', 'task.deleted'])
    }
    t.strictSame((await root.send({ method: 'DELETE', url: '/api/v1/tasks?confirm=all' })).json(), {
      deleted: 0
    })
  }
)

t.test('all tasks are deleted only when that is confirmed and nothing else is said', async (t) => {
  const ann = await signUp()
  const task = await ann.create({ title: 'Keep' })
  const before = await events.count()
  const remove = (url: string, payload?: object) =>
    ann.send({ method: 'DELETE', url, ...(payload && { payload }) })
  t.match((await remove('/api/v1/tasks')).json(), {
    status: 400,
    errors: [{ in: 'query', pointer: '/confirm', code: 'required' }]
  })
  for (const confirm of ['', 'true', 'ALL', 'all&confirm=all']) {
    t.match((await remove(`/api/v1/tasks?confirm=${confirm}`)).json(), {
      status: 400,
      errors: [{ in: 'query', pointer: '/confirm' }]
    })
  }
  for (const query of ['', '?confirm=all']) {
    t.match((await remove(`/api/v1/tasks${query}`, { ids: [task.id] })).json(), {
      status: 400,
      code: 'invalid_request',
      errors: [{ in: 'body', pointer: '' }]
    })
    t.equal((await remove(`/api/v1/tasks/${query}`)).statusCode, 404, 'one task without an id')
  }
  t.equal((await ann.read(task)).statusCode, 200)
  t.equal(await events.count(), before)
})

t.test('tasks that have been in the trash long enough are purged, and only those', async (t) => {
  const ann = await signUp()
  const [old, recent, live] = [
    await ann.create({ title: 'Old' }),
    await ann.create({ title: 'Recent' }),
    await ann.create({ title: 'Live' })
  ]
  await ann.remove(old)
  await ann.remove(recent)
  await db.execute(
    sql`update tasks set deleted_at = now() - interval '31 days' where owner_id = ${ann.user.id} and id = ${old.id}`
  )
  t.strictSame(await purgeTasks(db, 30), { done: 1, more: false })
  t.equal((await ann.restore(old)).statusCode, 404)
  t.strictSame(await events.of(old), ['task.purged'])
  t.equal((await ann.restore(recent)).statusCode, 200)
  t.equal((await ann.read(live)).statusCode, 200)
})

t.test('a task that a purge may be at work on cannot be restored', async (t) => {
  const ann = await signUp()
  const task = await ann.create({ title: 'Paint' })
  await ann.remove(task)
  const age = (days: number) =>
    db.execute(
      sql`UPDATE tasks SET deleted_at = now() - make_interval(days => ${days}::int) WHERE id = ${task.id}`
    )
  await age(30)
  t.equal((await ann.restore(task)).statusCode, 404)
  t.strictSame(await events.of(task), ['task.created', 'task.deleted'])
  await age(29)
  t.equal((await ann.restore(task)).statusCode, 200)
})

t.test('a purged task that was changed thousands of times leaves one event', async (t) => {
  const ann = await signUp()
  const task = await ann.create({ title: 'Busy' })
  await ann.remove(task)
  await db.execute(sql`
    INSERT INTO task_events (owner_id, task_id, version, id, type, changes)
    SELECT ${ann.user.id}, ${task.id}, n, gen_random_uuid(), 'task.updated', '{}'
    FROM generate_series(3, 11000) n`)
  await db.execute(
    sql`update tasks set deleted_at = now() - interval '31 days' where owner_id = ${ann.user.id}`
  )
  t.strictSame(await purgeTasks(db, 30), { done: 0, more: true }, 'a chunk of its events')
  t.equal(await db.$count(taskEvents, eq(taskEvents.task_id, task.id)), 6000)
  t.strictSame(await purgeTasks(db, 30), { done: 0, more: true })
  t.strictSame(await purgeTasks(db, 30), { done: 1, more: false })
  t.strictSame(await events.of(task), ['task.purged'])
})

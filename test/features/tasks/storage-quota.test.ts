import { sql } from 'drizzle-orm'
import t from 'tap'
import { v7 as uuidv7 } from 'uuid'
import { scheduledTasks } from '../../../src/background.ts'
import { accountStorage } from '../../../src/db/tables/account-storage.ts'
import { createProject, projectUrl, projectWith } from '../../support/projects.ts'
import { runScheduled } from '../../support/scheduled.ts'
import { fill, longText, measure, storageOf } from '../../support/storage.ts'
import { createTestApp, type Person } from '../../support/test-app.ts'

const MB = 1_048_576
const env = { MAX_STORAGE_MB_PER_USER: '1', TRASH_RETENTION_DAYS: '7', DIRECTORY: 'all' }
const app = await createTestApp(t, { env })
const { signUp, db } = app
const REFUSED = {
  status: 403,
  code: 'quota_exceeded',
  detail: /may store 1 MB, its projects, .* after 7 days/
}
const TASKS = '/api/v1/tasks'
const total = async (who: Person) => (await who.get('/api/v1/task-stats')).json().total

/** Purges everything that is in the trash. */
async function purge() {
  await db.execute(
    sql`UPDATE tasks SET deleted_at = now() - interval '8 days' WHERE deleted_at IS NOT NULL`
  )
  await runScheduled(app, 'tasks.purge')
}

t.test('whoever stores more than the quota can add nothing, and others can', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const [task, other] = await fill(ann, 104)
  await bob.create({ title: "Bob's" })
  t.equal((await ann.post(TASKS, { title: 'Not measured yet' })).statusCode, 201)
  await measure(app)
  const { bytes = 0 } = (await storageOf(db, ann)) ?? {}
  t.ok(Number(bytes) > MB && Number(bytes) < MB * 1.1, `${bytes}`)
  const before = await app.events.count()
  const refused = [
    await ann.post(TASKS, { title: 'One more' }),
    await ann.post(TASKS, { title: 'With an id', id: uuidv7() }),
    await ann.send({
      method: 'POST',
      url: TASKS,
      payload: { title: 'With a key' },
      headers: { 'idempotency-key': 'one' }
    }),
    await ann.patch(task, { title: 'Another' }),
    await ann.patch(task, { description: null }),
    await ann.patch(task, { tags: ['a'], status: 'done' }),
    await ann.patch(task, { title: 'Another', assignee_id: bob.user.id })
  ]
  for (const response of refused) {
    t.match(response.json(), REFUSED)
  }
  t.equal(await app.events.count(), before)
  t.equal(await total(ann), 105)
  for (const change of [{ status: 'done' }, { priority: 'high' }, { assignee_id: bob.user.id }]) {
    t.equal((await ann.patch(task, change)).statusCode, 200)
  }
  t.equal((await ann.remove(other)).statusCode, 204)
  t.equal((await ann.restore(other)).statusCode, 200)
  t.equal((await ann.read(task)).statusCode, 200)
  t.equal((await bob.post(TASKS, { title: "Bob's" })).statusCode, 201)
  t.equal((await bob.patch(task, { status: 'todo' })).statusCode, 200, 'as assignee')
})

t.test('an account tells how much it stores, and what it may', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const me = async (who: Person) => (await who.get('/api/v1/me')).json()
  t.notHas(await me(ann), { storage: {} })
  await fill(ann, 10)
  await measure(app)
  const { storage } = await me(ann)
  t.match(storage, { quota_bytes: MB, measured_at: /Z$/ })
  t.ok(storage.bytes > 100_000 && storage.bytes < 120_000)
  t.notHas(await me(bob), { storage: {} })
})

t.test('operations of a batch are refused one by one; those that delete are not', async (t) => {
  const ann = await signUp()
  const [first, second, third] = await fill(ann, 104)
  await measure(app)
  const response = await ann.post('/api/v1/task-batches', {
    atomic: false,
    operations: [
      { op: 'create', data: { title: 'One more' } },
      { op: 'update', id: first.id, data: { title: 'Another' } },
      { op: 'update', id: second.id, data: { status: 'done' } },
      { op: 'delete', id: third.id }
    ]
  })
  t.strictSame(
    response.json().results.map(({ status }: { status: number }) => status),
    [403, 403, 200, 204]
  )
  const atomic = await ann.post('/api/v1/task-batches', {
    operations: [
      { op: 'delete', id: first.id },
      { op: 'create', data: { title: 'One more' } }
    ]
  })
  t.match(atomic.json(), { ...REFUSED, errors: [{ pointer: '/operations/1' }] })
  t.equal(await total(ann), 103)
})

t.test('far beyond the quota also what takes little is refused, and deleting is not', async (t) => {
  const ann = await signUp()
  const [task, other] = await fill(ann, 120)
  await ann.remove(other)
  await measure(app)
  t.match((await ann.patch(task, { status: 'done' })).json(), REFUSED)
  t.match((await ann.restore(other)).json(), REFUSED)
  t.equal((await ann.remove(task)).statusCode, 204)
  const response = await ann.send({ method: 'DELETE', url: `${TASKS}?confirm=all` })
  t.equal(response.json().deleted, 118)
})

t.test('tasks in a project count for its owner, whoever makes them', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const project = await projectWith(ann, { editor: bob })
  const [task] = await fill(bob, 104, { project_id: project.id })
  const own = await bob.create({ title: "Bob's own" })
  await measure(app)
  for (const who of [ann, bob]) {
    t.match((await who.post(TASKS, { title: 'One more', project_id: project.id })).json(), REFUSED)
    t.match((await who.patch(task, { title: 'Another' })).json(), REFUSED)
  }
  t.match((await bob.patch(own, { project_id: project.id })).json(), REFUSED)
  const move = (moved: { id: string }, payload: object) =>
    bob.post(`${TASKS}/${moved.id}/move`, { after_id: null, ...payload })
  t.match((await move(own, { project_id: project.id })).json(), REFUSED)
  t.equal((await move(task, { status: 'done' })).statusCode, 200)
  t.match(
    (
      await bob.post('/api/v1/task-batches', {
        operations: [{ op: 'update', id: own.id, data: { project_id: project.id } }]
      })
    ).json(),
    REFUSED
  )
  t.equal((await bob.patch(own, { title: 'Another' })).statusCode, 200)
  t.match((await ann.post(TASKS, { title: 'One more' })).json(), REFUSED)
  t.equal((await bob.patch(task, { project_id: null })).statusCode, 200, 'moved away')
  await measure(app)
  t.ok(Number((await storageOf(db, bob))?.bytes) > 10_000, 'with the task')
})

t.test('comments count for the owner of the task, whoever writes them', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const project = await projectWith(ann, { viewer: bob })
  const task = await ann.create({ title: 'Discussed', project_id: project.id })
  const comments = `${TASKS}/${task.id}/comments`
  for (let i = 0; i < 105; i++) {
    t.equal((await bob.post(comments, { body: longText() })).statusCode, 201)
  }
  await measure(app)
  const [first, second] = (await bob.get(comments)).json().data
  for (const who of [ann, bob]) {
    t.match((await who.post(comments, { body: 'One more' })).json(), REFUSED)
  }
  const edit = (payload: object) =>
    bob.send({ method: 'PATCH', url: `${comments}/${first.id}`, payload })
  t.match((await edit({ body: 'Another' })).json(), REFUSED)
  t.equal((await edit({ body: first.body })).statusCode, 200)
  for (const { id } of [first, second]) {
    t.equal((await bob.send({ method: 'DELETE', url: `${comments}/${id}` })).statusCode, 204)
  }
  t.match((await ann.read(task)).json(), { comment_count: 103 })
})

t.test('whoever stores too much is given no project, and restores none', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const project = await projectWith(bob, { editor: ann })
  const trashed = await createProject(ann)
  await ann.send({ method: 'DELETE', url: projectUrl(trashed) })
  await fill(ann, 104)
  await measure(app)
  t.match(
    (await bob.post(projectUrl(project, '/transfer'), { user_id: ann.user.id })).json(),
    REFUSED
  )
  t.match((await ann.post(projectUrl(trashed, '/restore'))).json(), REFUSED)
  t.match((await bob.get(projectUrl(project))).json(), { owner_id: bob.user.id })
})

t.test('what is deleted counts until it is purged, and can then be used again', async (t) => {
  const ann = await signUp()
  await fill(ann, 104)
  await measure(app)
  await ann.send({ method: 'DELETE', url: `${TASKS}?confirm=all` })
  await measure(app)
  t.match((await ann.post(TASKS, { title: 'One more' })).json(), REFUSED)
  await purge()
  await measure(app)
  t.equal((await ann.post(TASKS, { title: 'One more' })).statusCode, 201)
  t.ok(Number((await storageOf(db, ann))?.bytes) < 50_000)
})

t.test('a refused request also lets an account be measured anew', async (t) => {
  const ann = await signUp()
  await fill(ann, 104)
  await measure(app)
  await db.execute(sql`DELETE FROM tasks WHERE owner_id = ${ann.user.id}`)
  t.equal(await measure(app), 0, 'nobody knows')
  t.match((await ann.post(TASKS, { title: 'One more' })).json(), REFUSED)
  t.equal(await measure(app), 1)
  t.equal((await ann.post(TASKS, { title: 'One more' })).statusCode, 201)
})

t.test('the history counts: one task that is changed again and again', async (t) => {
  const ann = await signUp()
  const task = await ann.create({ title: 'Busy' })
  for (let i = 0; i < 60; i++) {
    t.equal((await ann.patch(task, { description: longText() })).statusCode, 200)
  }
  await measure(app)
  t.match((await ann.patch(task, { description: longText() })).json(), REFUSED)
  t.equal((await ann.remove(task)).statusCode, 204)
})

t.test('a change that changes nothing is not refused', async (t) => {
  const ann = await signUp()
  const [task] = await fill(ann, 104)
  await measure(app)
  t.equal((await ann.patch(task, { title: 'Long' })).statusCode, 200)
})

t.test('without the setting nothing is measured, noted or refused', async (t) => {
  const ann = await signUp()
  await fill(ann, 104)
  await measure(app)
  const off = await createTestApp(t)
  const bob = await off.signUp()
  await fill(bob, 104)
  t.notOk(
    scheduledTasks({ ...off, log: off.app.log as never }).some(
      ({ name }) => name === 'storage.measure'
    )
  )
  await off.db.execute(sql`
    INSERT INTO account_storage (owner_id, bytes) VALUES (${bob.user.id}, 10000000)`)
  t.equal((await bob.post(TASKS, { title: 'One more' })).statusCode, 201)
  t.equal(await off.db.$count(accountStorage), 1)
  t.notHas((await bob.get('/api/v1/me')).json(), { storage: {} })
})

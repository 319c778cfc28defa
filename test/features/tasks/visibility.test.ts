import t from 'tap'
import { createTestApp, type Person } from '../../support/test-app.ts'

const { signUp, events } = await createTestApp(t)
const idsOf = (response: { json: () => { data: { id: string }[] } }) =>
  response.json().data.map((task) => task.id)

t.test('an assignee sees the task and may change its status, nothing else', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const task = await ann.create({ title: 'Paint', assignee_id: bob.user.id.toUpperCase() })
  t.equal(task.assignee_id, bob.user.id)
  t.equal((await bob.read(task)).statusCode, 200)
  t.strictSame(idsOf(await bob.get('/api/v1/tasks')), [task.id])
  t.match((await bob.patch(task, { status: 'done', title: 'Paint' })).json(), {
    status: 'done',
    version: 2
  })
  for (const rejected of [
    await bob.patch(task, { title: 'Mine now' }),
    await bob.patch(task, { status: 'todo', assignee_id: null }),
    await bob.remove(task),
    await bob.put(task, {
      title: 'x',
      description: null,
      status: 'done',
      priority: 'low',
      due_date: null,
      tags: [],
      assignee_id: bob.user.id
    })
  ]) {
    t.match(rejected.json(), { status: 403, code: 'not_allowed' })
  }
  t.strictSame(
    (await bob.get(`/api/v1/tasks/${task.id}/events`))
      .json()
      .data.map((e: { type: string }) => e.type),
    ['task.updated', 'task.created']
  )
  t.strictSame(await events.of(task), ['task.created', 'task.updated'])
})

t.test(
  'a task that is unassigned is hidden at once, also from cursors issued before',
  async (t) => {
    const [ann, bob] = [await signUp(), await signUp()]
    const tasks = []
    for (const title of ['1', '2', '3']) {
      tasks.push(await ann.create({ title, assignee_id: bob.user.id }))
    }
    const [first] = tasks
    const page = await bob.get('/api/v1/tasks?limit=1')
    const { next_cursor } = page.json().pagination
    await ann.patch(first as { id: string }, { assignee_id: null })
    const rest = await bob.get(`/api/v1/tasks?cursor=${next_cursor}`)
    t.strictSame(idsOf(rest), [tasks[1]?.id])
    t.equal((await bob.read(first as { id: string })).statusCode, 404)
    t.equal((await bob.patch(first as { id: string }, { status: 'done' })).statusCode, 404)
    t.equal((await bob.get('/api/v1/task-stats')).json().total, 2)
  }
)

t.test('a manager sees, edits, assigns, deletes and restores the tasks of all users', async (t) => {
  const [ann, boss, bob] = [await signUp(), await signUp('manager'), await signUp()]
  const task = await ann.create({ title: 'Paint' })
  t.equal((await boss.read(task)).statusCode, 200)
  t.notOk(
    idsOf(await boss.get('/api/v1/tasks')).includes(task.id),
    "but not in the manager's own list"
  )
  t.ok(idsOf(await boss.get('/api/v1/tasks?scope=all')).includes(task.id))
  t.match((await boss.patch(task, { title: 'Paint it', assignee_id: bob.user.id })).json(), {
    owner_id: ann.user.id,
    version: 2
  })
  t.equal((await bob.read(task)).statusCode, 200)
  t.equal((await boss.remove(task)).statusCode, 204)
  t.equal((await bob.read(task)).statusCode, 404)
  t.equal((await boss.restore(task)).statusCode, 200)
  const { data } = (await ann.get(`/api/v1/tasks/${task.id}/events`)).json()
  t.strictSame(
    data.map((e: { type: string; actor_id: string }) => [e.type, e.actor_id === boss.user.id]),
    [
      ['task.restored', true],
      ['task.deleted', true],
      ['task.updated', true],
      ['task.created', false]
    ]
  )
})

t.test("only managers may list other people's tasks", async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  for (const query of ['scope=all', `owner_id=${bob.user.id}`]) {
    for (const path of ['tasks', 'task-stats']) {
      t.match(
        (await ann.get(`/api/v1/${path}?${query}`)).json(),
        { status: 403, code: 'not_allowed' },
        `${path} ${query}`
      )
    }
  }
})

t.test('a task assigned to its own owner is listed once', async (t) => {
  const ann = await signUp()
  const task = await ann.create({ title: 'Mine', assignee_id: ann.user.id })
  t.strictSame(idsOf(await ann.get('/api/v1/tasks?include_total=true')), [task.id])
  t.equal((await ann.get('/api/v1/task-stats')).json().total, 1)
})

t.test('an assignee gives a task back, and cannot pass it on', async (t) => {
  const [ann, bob, cid] = [await signUp(), await signUp(), await signUp()]
  const task = await ann.create({ title: 'Paint', assignee_id: bob.user.id })
  for (const change of [{ assignee_id: cid.user.id }, { assignee_id: null, title: 'x' }]) {
    t.match((await bob.patch(task, change)).json(), { code: 'not_allowed' })
  }
  t.match((await bob.patch(task, { assignee_id: null })).json(), { assignee_id: null, version: 2 })
  t.equal((await bob.read(task)).statusCode, 404, 'it is not theirs any more')
})

t.test('an assignee does not see what was before it was assigned to them', async (t) => {
  const [ann, bob, boss] = [await signUp(), await signUp(), await signUp('manager')]
  const task = await ann.create({ title: 'Salary of Bob' })
  await ann.patch(task, { title: 'Salaries' })
  await ann.patch(task, { title: 'Paint', assignee_id: bob.user.id })
  await bob.patch(task, { status: 'done' })
  const history = async (who: Person) =>
    (await who.get(`/api/v1/tasks/${task.id}/events`))
      .json()
      .data.map(({ version, changes }: { version: number; changes: { field: string }[] }) => [
        version,
        changes.map(({ field }) => field).sort()
      ])
  t.strictSame(await history(bob), [
    [4, ['status']],
    [3, ['assignee_id']]
  ])
  for (const who of [ann, boss]) {
    t.strictSame((await history(who)).length, 4)
  }
  const first = await ann.create({ title: 'Mow', assignee_id: bob.user.id })
  t.equal((await bob.get(`/api/v1/tasks/${first.id}/events`)).json().data.length, 1)
})

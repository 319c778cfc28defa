import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import t from 'tap'
import { tasks as table, taskPosition } from '../../../src/db/tables/tasks.ts'
import { isPosition } from '../../../src/lib/position.ts'
import { createInOrder, inOrder, move, moved, titlesInOrder } from '../../support/order.ts'
import { createProject, patchProject, titlesIn } from '../../support/projects.ts'
import { createTestApp } from '../../support/test-app.ts'

const { signUp, events, db, request } = await createTestApp(t)

t.test('new tasks are at the end of their list, whichever list it is', async (t) => {
  const ann = await signUp()
  const project = await createProject(ann)
  await createInOrder(ann, ['a', 'b', 'c'])
  await createInOrder(ann, ['d', 'e'], { project_id: project.id })
  t.same(await titlesInOrder(ann, 'personal'), ['a', 'b', 'c'])
  t.same(await titlesInOrder(ann, project), ['d', 'e'])
  t.same(titlesIn(await ann.get(inOrder('personal', 'desc'))), ['c', 'b', 'a'])
})

t.test('the tasks of a batch keep the order in which they were sent', async (t) => {
  const ann = await signUp()
  const titles = Array.from({ length: 50 }, (_, i) => `task ${i}`)
  const operations = titles.map((title) => ({ op: 'create', data: { title } }))
  t.equal((await ann.post('/api/v1/task-batches', { operations })).statusCode, 200)
  t.same(await titlesInOrder(ann, 'personal'), titles)
})

t.test('a task goes behind another one, before it, and to either end', async (t) => {
  const ann = await signUp()
  const [a, b, c, d] = await createInOrder(ann, ['a', 'b', 'c', 'd'])
  const cases: [{ id: string }, object, string][] = [
    [d, { after_id: a.id }, 'a d b c'],
    [a, { before_id: c.id }, 'd b a c'],
    [c, { after_id: null }, 'c d b a'],
    [d, { before_id: null }, 'c b a d'],
    [b, { before_id: c.id }, 'b c a d'],
    [b, { after_id: d.id.toUpperCase() }, 'c a d b']
  ]
  for (const [task, where, expected] of cases) {
    const response = await move(ann, task, where)
    t.equal(response.statusCode, 200)
    t.equal(response.headers.etag, `"${response.json().version}"`)
    t.same((await ann.read(task)).json(), response.json(), 'the response is the whole task')
    t.equal((await titlesInOrder(ann, 'personal')).join(' '), expected)
  }
})

t.test('a move is one change with its event, and changes no other task', async (t) => {
  const ann = await signUp()
  const [a, b] = await createInOrder(ann, ['a', 'b'])
  const after = await moved(ann, b, { before_id: a.id })
  t.match(after, { version: 2, title: 'b' })
  t.same(await events.of(b), ['task.created', 'task.moved'])
  const [event] = (await ann.get(`/api/v1/tasks/${b.id}/events`)).json().data
  t.same(event.changes, [{ field: 'position', before: b.position, after: after.position }])
  t.same((await ann.read(a)).json(), a)
})

t.test('a move to where the task is already changes nothing', async (t) => {
  const ann = await signUp()
  const [a, b, c] = await createInOrder(ann, ['a', 'b', 'c'])
  for (const [task, where] of [
    [b, { after_id: a.id }],
    [b, { before_id: c.id, status: 'todo' }],
    [a, { after_id: null, project_id: null }],
    [c, { before_id: null }]
  ] as const) {
    const response = await move(ann, task, where)
    t.same(response.json(), task)
    t.equal(response.headers.etag, '"1"')
    t.same(await events.of(task), ['task.created'])
  }
})

t.test('a board moves a card to a place in another column in one change', async (t) => {
  const ann = await signUp()
  const [a, b] = await createInOrder(ann, ['a', 'b'])
  const done = await moved(ann, b, { status: 'done', before_id: a.id })
  t.match(done, { status: 'done', completed: true, version: 2 })
  t.type(done.completed_at, 'string')
  const [event] = (await ann.get(`/api/v1/tasks/${b.id}/events`)).json().data
  t.same(event.changes.map(({ field }: { field: string }) => field).sort(), ['position', 'status'])
  t.match(await moved(ann, b, { status: 'todo', before_id: a.id }), { completed_at: null })
  t.same(await events.of(b), ['task.created', 'task.moved', 'task.updated'])
})

t.test('a move takes a task to a place in another project, and back', async (t) => {
  const ann = await signUp()
  const project = await createProject(ann)
  const there = await createInOrder(ann, ['p', 'q'], { project_id: project.id })
  const [a] = await createInOrder(ann, ['a', 'b'])
  const after = await moved(ann, a, { project_id: project.id, after_id: there[0].id })
  t.match(after, { project_id: project.id, version: 2 })
  t.same(await titlesInOrder(ann, project), ['p', 'a', 'q'])
  t.same(await titlesInOrder(ann, 'personal'), ['b'])
  await moved(ann, a, { project_id: null, before_id: null })
  t.same(await titlesInOrder(ann, 'personal'), ['b', 'a'])
  t.same(await events.of(a), ['task.created', 'task.moved', 'task.moved'])
})

t.test('a task that only its project_id moves goes to the end of its new list', async (t) => {
  const ann = await signUp()
  const project = await createProject(ann)
  const [a, b, c] = await createInOrder(ann, ['a', 'b', 'c'])
  await createInOrder(ann, ['p', 'q'], { project_id: project.id })
  await moved(ann, b, { after_id: null })
  await ann.patch(b, { project_id: project.id })
  await ann.patch(a, { project_id: project.id, title: 'A' })
  t.same(await titlesInOrder(ann, project), ['p', 'q', 'b', 'A'])
  const operations = [{ op: 'update', id: c.id, data: { project_id: project.id } }]
  await ann.post('/api/v1/task-batches', { operations })
  t.same(await titlesInOrder(ann, project), ['p', 'q', 'b', 'A', 'c'])
  const position = (await ann.read(a)).json().position
  await ann.patch(a, { title: 'a', project_id: project.id, assignee_id: ann.user.id })
  t.equal((await ann.read(a)).json().position, position, 'other changes leave it where it is')
})

t.test('a place that is none is refused at its field', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const project = await createProject(ann)
  const [a, gone] = await createInOrder(ann, ['a', 'gone'])
  const [inProject] = await createInOrder(ann, ['p'], { project_id: project.id })
  const stranger = await bob.create({ title: "Bob's" })
  await ann.remove(gone)
  const unknown = { id: '019f2f6e-7c1a-7bbb-8bbb-0123456789ab' }
  for (const [other, code] of [
    [a, 'same_task'],
    [gone, 'in_trash'],
    [inProject, 'other_list'],
    [stranger, 'unknown_task'],
    [unknown, 'unknown_task']
  ] as const) {
    for (const field of ['after_id', 'before_id']) {
      t.match((await move(ann, a, { [field]: other.id })).json(), {
        status: 400,
        errors: [{ in: 'body', pointer: `/${field}`, code }]
      })
    }
  }
  t.match((await move(ann, a, { project_id: project.id, after_id: gone.id })).json(), {
    errors: [{ pointer: '/after_id', code: 'in_trash' }]
  })
  t.match((await move(ann, a, { project_id: unknown.id, after_id: null })).json(), {
    errors: [{ pointer: '/project_id', code: 'unknown_project' }]
  })
  t.same((await ann.read(a)).json(), a)
})

t.test('exactly one of after_id and before_id says where a task goes', async (t) => {
  const ann = await signUp()
  const [a, b] = await createInOrder(ann, ['a', 'b'])
  const refused: [object, string, string][] = [
    [{}, '', 'required'],
    [{ status: 'done' }, '', 'required'],
    [{ after_id: b.id, before_id: null }, '/before_id', 'invalid'],
    [{ after_id: b.id, before_id: b.id }, '/before_id', 'invalid'],
    [{ after_id: 'b' }, '/after_id', 'malformed'],
    [{ before_id: 7 }, '/before_id', 'wrong_type'],
    [{ before_id: null, title: 'x' }, '/title', 'unknown_field'],
    [{ before_id: null, status: 'later' }, '/status', 'unknown_value']
  ]
  for (const [body, pointer, code] of refused) {
    t.match((await move(ann, a, body)).json(), { status: 400, errors: [{ pointer, code }] })
  }
  t.match((await move(ann, a, { next_id: b.id })).json(), {
    errors: [{ detail: 'next_id is unknown; did you mean before_id?' }]
  })
  t.same(await events.of(a), ['task.created'])
})

t.test('a body with a position is told where tasks are moved', async (t) => {
  const ann = await signUp()
  const task = await ann.create({ title: 'a' })
  const data = { title: 'b', position: 'a1' }
  const operations = [{ op: 'update', id: task.id, data }]
  for (const response of [
    await ann.post('/api/v1/tasks', data),
    await ann.patch(task, data),
    await ann.put(task, data),
    await ann.post('/api/v1/task-batches', { operations })
  ]) {
    const faults = response.json().errors
    t.match(
      faults.find(({ pointer }: { pointer: string }) => pointer.endsWith('/position')),
      { code: 'unknown_field', detail: /; did you mean POST \/tasks\/\{task_id\}\/move\?$/ }
    )
  }
  t.match((await ann.post(`/api/v1/tasks/${task.id}/reorder`, {})).json(), { detail: /\/move/ })
})

t.test('a move obeys If-Match, and an idempotency key', async (t) => {
  const ann = await signUp()
  const [a, b] = await createInOrder(ann, ['a', 'b'])
  await moved(ann, b, { after_id: null })
  t.match((await move(ann, b, { before_id: null }, { 'if-match': '"1"' })).json(), {
    status: 412,
    current_version: 2,
    changed_fields: []
  })
  const key = { 'if-match': '"2"', 'idempotency-key': 'drop-1' }
  const first = await move(ann, b, { after_id: a.id }, key)
  const again = await move(ann, b, { after_id: a.id }, key)
  t.match(first.json(), { version: 3 })
  t.same(again.json(), first.json())
  t.equal(again.headers['idempotent-replayed'], 'true')
  t.equal(again.headers.etag, '"3"')
  t.equal((await move(ann, b, { after_id: null }, key)).statusCode, 422)
  t.equal((await events.of(b)).length, 3)
})

t.test('tasks that cannot be moved stay where they are', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const project = await createProject(ann)
  const [a, b] = await createInOrder(ann, ['a', 'b'], { project_id: project.id })
  const own = await ann.create({ title: 'own' })
  await patchProject(ann, project, { archived: true })
  t.match((await move(ann, b, { before_id: a.id })).json(), { code: 'project_archived' })
  t.match((await move(ann, a, { project_id: null, before_id: null })).json(), {
    code: 'project_archived'
  })
  t.match((await move(ann, own, { project_id: project.id, before_id: null })).json(), {
    code: 'project_archived'
  })
  t.equal((await move(bob, own, { after_id: null })).statusCode, 404)
  await ann.remove(own)
  t.equal((await move(ann, own, { after_id: null })).statusCode, 404)
  const anonymous = { method: 'POST', url: `/api/v1/tasks/${a.id}/move`, payload: {} } as const
  t.equal((await request(anonymous)).statusCode, 401)
  t.same(await titlesInOrder(ann, project), ['a', 'b'])
})

t.test('whatever the time of creation, a task has a valid position of its own', async (t) => {
  const ann = await signUp()
  const someTime = fc.date({
    min: new Date('0001-01-01T00:00:00Z'),
    max: new Date('9999-12-31T23:59:59Z'),
    noInvalidDate: true
  })
  const times = fc.sample(fc.oneof(someTime, fc.constantFrom(new Date(0), new Date(-1))), 500)
  await db.execute(sql`
    INSERT INTO tasks (owner_id, id, title, status, priority, tags, created_at)
    SELECT ${ann.user.id}::uuid, gen_random_uuid(), 'x', 'todo', 'low', '{}', moment::timestamptz
    FROM jsonb_array_elements_text(${JSON.stringify(times)}::jsonb) AS moment`)
  const rows = await db
    .select({ id: table.id, at: table.created_at, position: sql<string>`${taskPosition(table)}` })
    .from(table)
    .where(sql`owner_id = ${ann.user.id}`)
  const positions = rows.map(({ position }) => position)
  t.equal(new Set(positions).size, times.length)
  t.same(
    positions.filter((position) => !isPosition(position)),
    []
  )
  const age = (at: string) => Math.max(0, Date.parse(at))
  const byTime = rows.toSorted((a, b) => age(a.at) - age(b.at) || (a.id < b.id ? -1 : 1))
  t.same(
    byTime.map(({ position }) => position),
    positions.toSorted()
  )
})

import t from 'tap'
import { createTestApp, type Person } from '../../support/test-app.ts'

const { signUp, events, request } = await createTestApp(t)
const WHOLE = {
  title: 'New',
  description: null,
  status: 'done',
  priority: 'low',
  due_date: null,
  tags: [],
  assignee_id: null
}

/** Every route that changes tasks, with a body that changes something. */
const writes: [string, (who: Person, task: { id: string }) => ReturnType<Person['post']>][] = [
  ['create', (who) => who.post('/api/v1/tasks', { title: 'x' })],
  ['patch', (who, task) => who.patch(task, { title: 'changed' })],
  ['put', (who, task) => who.put(task, WHOLE)],
  ['delete', (who, task) => who.remove(task)],
  ['delete all', (who) => who.send({ method: 'DELETE', url: '/api/v1/tasks?confirm=all' })],
  [
    'batch create',
    (who) =>
      who.post('/api/v1/task-batches', { operations: [{ op: 'create', data: { title: 'x' } }] })
  ],
  [
    'batch update',
    (who, task) =>
      who.post('/api/v1/task-batches', {
        operations: [{ op: 'update', id: task.id, data: { status: 'done' } }]
      })
  ],
  [
    'batch delete',
    (who, task) => who.post('/api/v1/task-batches', { operations: [{ op: 'delete', id: task.id }] })
  ]
]

t.test('every route that writes creates exactly one event', async (t) => {
  for (const [name, write] of writes) {
    const ann = await signUp()
    const task = await ann.create({ title: 'Before' })
    const before = await events.count()
    t.ok((await write(ann, task)).statusCode < 300, name)
    t.equal((await events.count()) - before, 1, name)
  }
  const ann = await signUp()
  const task = await ann.create({ title: 'Before' })
  await ann.remove(task)
  const before = await events.count()
  await ann.restore(task)
  t.equal((await events.count()) - before, 1, 'restore')
})

t.test('a rejected write creates no event', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const task = await ann.create({ title: "Ann's" })
  const before = await events.count()
  const attempts: [string, { statusCode: number }][] = [
    ['no token', await request({ method: 'POST', url: '/api/v1/tasks', payload: { title: 'x' } })],
    ['invalid', await ann.post('/api/v1/tasks', { title: '' })],
    ['taken id', await ann.post('/api/v1/tasks', { title: 'x', id: task.id })],
    ['foreign patch', await bob.patch(task, { title: 'x' })],
    ['foreign put', await bob.put(task, WHOLE)],
    ['foreign delete', await bob.remove(task)],
    ['foreign restore', await bob.restore(task)],
    ['stale', await ann.patch(task, { title: 'x' }, 7)],
    ['stale delete', await ann.remove(task, 7)],
    [
      'batch',
      await bob.post('/api/v1/task-batches', {
        operations: [
          { op: 'create', data: { title: 'x' } },
          { op: 'delete', id: task.id }
        ]
      })
    ]
  ]
  for (const [name, { statusCode }] of attempts) {
    t.ok(statusCode >= 400, name)
  }
  t.equal(await events.count(), before)
})

t.test('a deadlock is retried, and callers do not notice it', async (t) => {
  // A manager's own tasks are locked before other people's, so two managers who change each other's can deadlock.
  const [one, two] = [await signUp('manager'), await signUp('manager')]
  const [a, b] = [await one.create({ title: 'a' }), await two.create({ title: 'b' })]
  for (let round = 0; round < 15; round++) {
    const operations = [a, b].map(({ id }) => ({
      op: 'update',
      id,
      data: { title: `round ${round}` }
    }))
    const both = await Promise.all(
      [one, two].map((who, i) =>
        who.post('/api/v1/task-batches', {
          operations: operations.map((o) => ({ ...o, data: { title: `${o.data.title} ${i}` } }))
        })
      )
    )
    t.strictSame(
      both.map((response) => response.statusCode),
      [200, 200]
    )
  }
  for (const task of [a, b]) {
    t.equal((await one.read(task)).json().version, 31)
  }
})

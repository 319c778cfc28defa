import t from 'tap'
import { createTestApp, type Person } from '../../support/test-app.ts'

const { signUp, events } = await createTestApp(t)
const run = (who: Person, operations: object[], atomic?: boolean) =>
  who.post('/api/v1/task-batches', { operations, ...(atomic !== undefined && { atomic }) })
const NOBODY = '019f2f6e-7c1a-7aaa-8aaa-0123456789ab'

t.test('a batch creates, changes and deletes in order, with an event each', async (t) => {
  const ann = await signUp()
  const [change, remove, same] = [
    await ann.create({ title: 'Change' }),
    await ann.create({ title: 'Remove' }),
    await ann.create({ title: 'Same' })
  ]
  const response = await run(ann, [
    {
      op: 'update',
      id: change.id.toUpperCase(),
      if_version: 1,
      data: { title: ' Changed ', status: 'done', due_date: '2026-01-01T00:00:00+01:00' }
    },
    { op: 'create', data: { title: 'New', tags: ['a', 'a'] } },
    { op: 'delete', id: remove.id },
    { op: 'update', id: same.id, data: { title: 'Same' } },
    {
      op: 'create',
      id: '019f2f6e-7c1a-7aaa-8aaa-012345678900',
      data: { title: 'Named', status: 'done' }
    }
  ])
  t.equal(response.statusCode, 200)
  const { results } = response.json()
  t.strictSame(
    results.map((r: { status: number }) => r.status),
    [200, 201, 204, 200, 201]
  )
  t.match(results[0].task, {
    id: change.id,
    title: 'Changed',
    status: 'done',
    version: 2,
    due_date: '2025-12-31T23:00:00.000Z'
  })
  t.match(results[1].task, {
    title: 'New',
    tags: ['a'],
    status: 'todo',
    priority: 'medium',
    version: 1,
    owner_id: ann.user.id
  })
  t.strictSame(results[2], { status: 204, id: remove.id, version: 2 })
  t.match(results[4].task, { id: '019f2f6e-7c1a-7aaa-8aaa-012345678900', completed: true })
  for (const [task, expected] of [
    [change, ['task.created', 'task.updated']],
    [remove, ['task.created', 'task.deleted']],
    [same, ['task.created']],
    [results[1].task, ['task.created']]
  ]) {
    t.strictSame(await events.of(task), expected)
  }
  for (const { task } of [results[0], results[1], results[3]]) {
    t.strictSame((await ann.read(task)).json(), task)
  }
})

t.test('the first problem rejects an atomic batch and points to its operation', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const [mine, foreign] = [
    await ann.create({ title: 'Mine' }),
    await bob.create({ title: 'Foreign' })
  ]
  await ann.patch(mine, { title: 'Mine 2' })
  const before = await events.count()
  const good = { op: 'create', data: { title: 'Good' } }
  const cases: [object, number, string, string][] = [
    [{ op: 'update', id: NOBODY, data: { title: 'x' } }, 404, 'not_found', '/operations/1'],
    [{ op: 'update', id: foreign.id, data: { title: 'x' } }, 404, 'not_found', '/operations/1'],
    [{ op: 'delete', id: mine.id, if_version: 1 }, 412, 'stale_version', '/operations/1'],
    [{ op: 'create', id: mine.id, data: { title: 'x' } }, 409, 'id_taken', '/operations/1'],
    [{ op: 'create', id: foreign.id, data: { title: 'x' } }, 409, 'id_taken', '/operations/1'],
    [{ op: 'create', data: {} }, 400, 'invalid_request', '/operations/1/data/title'],
    [{ op: 'create' }, 400, 'invalid_request', '/operations/1/data/title'],
    [{ op: 'update', id: mine.id }, 400, 'invalid_request', '/operations/1/data'],
    [{ op: 'update', data: { title: 'x' } }, 400, 'invalid_request', '/operations/1/id'],
    [
      { op: 'delete', id: mine.id, data: { title: 'x' } },
      400,
      'invalid_request',
      '/operations/1/data'
    ],
    [
      { op: 'create', if_version: 1, data: { title: 'x' } },
      400,
      'invalid_request',
      '/operations/1/if_version'
    ],
    [
      { op: 'create', data: { title: 'x', assignee_id: NOBODY } },
      400,
      'invalid_request',
      '/operations/1/data/assignee_id'
    ],
    [
      { op: 'update', id: mine.id, data: { assignee_id: NOBODY } },
      400,
      'invalid_request',
      '/operations/1/data/assignee_id'
    ],
    [
      { op: 'update', id: mine.id, data: { titel: 'x' } },
      400,
      'invalid_request',
      '/operations/1/data/titel'
    ],
    [{ op: 'erase', id: mine.id }, 400, 'invalid_request', '/operations/1/op']
  ]
  for (const [operation, status, code, pointer] of cases) {
    t.match(
      (await run(ann, [good, operation])).json(),
      { status, code, errors: [{ in: 'body', pointer }] },
      JSON.stringify(operation)
    )
  }
  t.match(
    (
      await run(ann, [
        { op: 'update', id: mine.id, data: { title: 'a' } },
        { op: 'delete', id: mine.id }
      ])
    ).json(),
    { status: 400, errors: [{ pointer: '/operations/1/id', code: 'repeated' }] }
  )
  t.equal(await events.count(), before)
  t.equal((await ann.get('/api/v1/task-stats')).json().total, 1)
})

t.test('each operation of a batch that is not atomic has its own result', async (t) => {
  const ann = await signUp()
  const task = await ann.create({ title: 'Mine' })
  const { results } = (
    await run(
      ann,
      [
        { op: 'delete', id: NOBODY },
        { op: 'update', id: task.id, if_version: 9, data: { title: 'x' } },
        { op: 'create', data: { title: 'Good' } }
      ],
      false
    )
  ).json()
  t.strictSame(
    results.map((r: { status: number }) => r.status),
    [404, 412, 201]
  )
  t.match(results[0].problem, { code: 'not_found', errors: [{ pointer: '/operations/0' }] })
  t.match(results[1].problem, { code: 'stale_version', current_version: 1 })
  t.notOk('task' in results[0])
  t.equal((await ann.get('/api/v1/task-stats')).json().total, 2)
})

t.test('a batch has between 1 and 100 operations', async (t) => {
  const ann = await signUp()
  t.equal((await run(ann, [])).statusCode, 400)
  const hundred = Array.from({ length: 100 }, (_, i) => ({
    op: 'create',
    data: { title: `Task ${i}`, description: '💥"\\ '.repeat(100) }
  }))
  t.match((await run(ann, [...hundred, { op: 'delete', id: NOBODY }])).json(), {
    status: 400,
    errors: [{ pointer: '/operations', code: 'too_long' }]
  })
  const { results } = (await run(ann, hundred)).json()
  t.strictSame(
    results.map((r: { task: { title: string } }) => r.task.title),
    hundred.map((o) => o.data.title)
  )
  const ids = results.map((r: { task: { id: string } }) => r.task.id)
  t.equal(
    (
      await run(
        ann,
        ids.map((id: string) => ({ op: 'delete', id }))
      )
    ).statusCode,
    200
  )
  t.equal((await ann.get('/api/v1/task-stats')).json().total, 0)
})

t.test(
  'in a batch an assignee may change the status of a task, a manager anything of any task',
  async (t) => {
    const [ann, bob, boss] = [await signUp(), await signUp(), await signUp('manager')]
    const task = await ann.create({ title: 'Paint', assignee_id: bob.user.id })
    t.equal(
      (await run(bob, [{ op: 'update', id: task.id, data: { status: 'done' } }])).statusCode,
      200
    )
    t.match((await run(bob, [{ op: 'delete', id: task.id }])).json(), {
      status: 403,
      errors: [{ pointer: '/operations/0' }]
    })
    t.match(
      (
        await run(boss, [
          { op: 'update', id: task.id, data: { title: 'Paint it' } },
          { op: 'create', data: { title: 'Own' } }
        ])
      ).json().results,
      [{ task: { owner_id: ann.user.id, version: 3 } }, { task: { owner_id: boss.user.id } }]
    )
  }
)

t.test('batches on the same tasks in opposite order do not block each other', async (t) => {
  const ann = await signUp()
  const tasks: { id: string }[] = []
  for (let i = 0; i < 10; i++) {
    tasks.push(await ann.create({ title: `${i}` }))
  }
  const responses = await Promise.all(
    Array.from({ length: 20 }, (_, n) => {
      const order = n % 2 ? tasks : [...tasks].reverse()
      return run(
        ann,
        order.map(({ id }) => ({ op: 'update', id, data: { title: `round ${n}` } }))
      )
    })
  )
  t.strictSame([...new Set(responses.map((a) => a.statusCode))], [200])
  for (const task of tasks) {
    t.equal((await ann.read(task)).json().version, 21)
  }
})

import t from 'tap'
import { v7 as uuidv7 } from 'uuid'
import type { Task } from '../../../src/features/tasks/schema.ts'
import { createTestApp, type Person } from '../../support/test-app.ts'

const { signUp, events } = await createTestApp(t)

const END = '2026-12-31T23:59:59.999Z'
const onTheDay = { due_date: END, all_day: true }
const atAMoment = { due_date: '2026-12-31T14:00:00.000Z', all_day: false }

const changesOf = async (who: Person, task: { id: string }) =>
  (await who.get(`/api/v1/tasks/${task.id}/events`)).json().data[0].changes

t.test(
  'a date without a time makes a task due on that day, whichever way it is given',
  async (t) => {
    const ann = await signUp()
    const created = await ann.create({ title: 'created', due_date: '2026-12-31' })
    t.match(created, onTheDay)
    t.match((await ann.read(created)).json(), onTheDay)

    const plain = await ann.create({ title: 'plain' })
    t.match(plain, { due_date: null, all_day: false })
    t.match((await ann.patch(plain, { due_date: '2026-12-31' })).json(), onTheDay)
    t.strictSame(await changesOf(ann, plain), [
      { field: 'all_day', before: 'false', after: 'true' },
      { field: 'due_date', before: null, after: END }
    ])

    const { title, description, status, priority, tags, assignee_id } = plain
    const replaced = await ann.create({ title: 'replaced' })
    const fields = { title, description, status, priority, tags, assignee_id }
    t.match((await ann.put(replaced, { ...fields, due_date: '2026-12-31' })).json(), onTheDay)

    const id = uuidv7()
    const batch = await ann.post('/api/v1/task-batches', {
      operations: [
        { op: 'create', id, data: { title: 'in a batch', due_date: '2026-12-31' } },
        { op: 'update', id: created.id, data: { due_date: '2027-01-01' } }
      ]
    })
    t.match(batch.json().results, [
      { status: 201, task: onTheDay },
      { status: 200, task: { due_date: '2027-01-01T23:59:59.999Z', all_day: true } }
    ])
  }
)

t.test('a time, or no due date at all, ends the day', async (t) => {
  const ann = await signUp()
  for (const [due_date, expected] of [
    ['2026-12-31T14:00:00Z', atAMoment],
    ['2027-01-01T23:59:59.999Z', { due_date: '2027-01-01T23:59:59.999Z', all_day: false }],
    [null, { due_date: null, all_day: false }]
  ] as const) {
    const task = await ann.create({ title: 'a', due_date: '2026-12-31' })
    t.match((await ann.patch(task, { due_date })).json(), { version: 2, ...expected })
    t.match((await changesOf(ann, task))[0], { field: 'all_day', after: 'false' })
  }
  const exact = await ann.create({ title: 'the last millisecond', due_date: END })
  t.match(exact, { due_date: END, all_day: false }, 'given as a moment, it is one')
})

t.test('writing back what was read changes nothing, with all_day and without', async (t) => {
  const ann = await signUp()
  for (const due_date of ['2026-12-31', END, '2026-12-31T14:00:00Z', null]) {
    const task = await ann.create({ title: 'a', due_date })
    const { title, description, status, priority, tags, assignee_id } = task
    const rest = { title, description, status, priority, tags, assignee_id }
    const { all_day } = task
    for (const response of [
      await ann.put(task, { ...rest, due_date: task.due_date, all_day }),
      await ann.put(task, { ...rest, due_date: task.due_date }),
      await ann.patch(task, { due_date: task.due_date, all_day }),
      await ann.patch(task, { due_date: task.due_date }),
      await ann.patch(task, { all_day })
    ]) {
      t.strictSame(response.json(), task, String(due_date))
    }
    t.strictSame(await events.of(task), ['task.created'], 'no event')
    const twin = await ann.create({ ...rest, due_date: task.due_date, all_day })
    t.match(twin, { due_date: task.due_date, all_day })
  }
})

t.test('all_day alone is judged with the due date that the task has', async (t) => {
  const ann = await signUp()
  const task = await ann.create({ title: 'a', due_date: END })
  t.match((await ann.patch(task, { all_day: true })).json(), { version: 2, ...onTheDay })
  t.match((await ann.patch(task, { all_day: false })).json(), { version: 3, all_day: false })
})

t.test('a task cannot be due on a day and at a moment', async (t) => {
  const ann = await signUp()
  const atTwo = await ann.create({ title: 'at two', due_date: '2026-12-31T14:00:00Z' })
  const never = await ann.create({ title: 'never' })
  const contradictions: [task: Task, body: object][] = [
    [never, { due_date: '2026-12-31T14:00:00Z', all_day: true }],
    [never, { due_date: '2026-12-31T23:59:59.998Z', all_day: true }],
    [never, { due_date: '2027-01-01T00:59:59.999+01:30', all_day: true }],
    [never, { due_date: '2026-12-31', all_day: false }],
    [never, { due_date: null, all_day: true }],
    [never, { all_day: true }],
    [atTwo, { all_day: true }]
  ]
  const count = await events.count()
  for (const [task, body] of contradictions) {
    const fault = { in: 'body', pointer: '/all_day', code: 'contradictory' }
    const changed = await ann.patch(task, body)
    t.match(changed, { statusCode: 400 }, JSON.stringify(body))
    t.match(changed.json(), { code: 'invalid_request', errors: [fault] })
    const batch = await ann.post('/api/v1/task-batches', {
      operations: [{ op: 'update', id: task.id, data: body }]
    })
    t.match(batch.json().errors, [{ ...fault, pointer: '/operations/0/data/all_day' }])
    if (task === never) {
      const created = await ann.post('/api/v1/tasks', { title: 'b', ...body })
      t.match(created.json().errors, [fault], 'also in a new task')
      const { results } = (
        await ann.post('/api/v1/task-batches', {
          atomic: false,
          operations: [{ op: 'create', data: { title: 'b', ...body } }]
        })
      ).json()
      t.match(results[0].problem.errors, [{ pointer: '/operations/0/data/all_day' }])
    }
  }
  t.match((await ann.patch(never, { due_date: null, all_day: null })).json(), {
    errors: [{ pointer: '/all_day', code: 'wrong_type' }]
  })
  t.equal(await events.count(), count, 'nothing was written')
})

t.test('only dates of the calendar are taken, and leap days', async (t) => {
  const ann = await signUp()
  for (const day of ['2024-02-29', '2000-02-29', '0004-02-29', '0001-01-01', '9999-12-31']) {
    t.match(await ann.create({ title: day, due_date: day }), {
      due_date: `${day}T23:59:59.999Z`,
      all_day: true
    })
  }
  for (const due_date of [
    '2026-02-30',
    '2026-02-29',
    '1900-02-29',
    '2026-13-01',
    '2026-00-10',
    '2026-04-31',
    '2026-01-00',
    '0000-01-01',
    '0000-02-29',
    '10000-01-01',
    '2026-1-1',
    '20261231',
    '31.12.2026',
    '2026-12-31T',
    '2026-12-31Z',
    ' 2026-12-31',
    '2026-12-31T14:00',
    '2026-12-31 14:00:00Z',
    '0001-01-01T00:00:00+00:01',
    '9999-12-31T23:59:59-00:01',
    ''
  ]) {
    const response = await ann.post('/api/v1/tasks', { title: 'a', due_date })
    t.equal(response.statusCode, 400, due_date)
    const [fault] = response.json().errors
    t.match(fault, { pointer: '/due_date', code: 'malformed', detail: /2026-01-31T09:00:00Z/ })
  }
})

t.test('a time without seconds is taken, as Java writes it', async (t) => {
  const ann = await signUp()
  for (const due_date of ['2026-12-31T14:00Z', '2026-12-31T15:00+01:00', '2026-12-31t14:00z']) {
    t.match(await ann.create({ title: 'a', due_date }), atAMoment)
  }
  const { data } = (await ann.get('/api/v1/tasks?due_after=2026-12-31T14:00Z')).json()
  t.equal(data.length, 3)
})

t.test(
  'of two changes at once, each is whole: a day never has the time of the other',
  async (t) => {
    const ann = await signUp()
    const task = await ann.create({ title: 'a' })
    await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        ann.patch(task, { due_date: i % 2 ? `2026-12-0${i}` : `2026-12-0${i + 1}T14:00:00Z` })
      )
    )
    const { due_date, all_day } = (await ann.read(task)).json()
    t.equal(all_day, due_date.endsWith('T23:59:59.999Z'))
    t.equal((await events.of(task)).length, 9)
  }
)

t.test('an assignee may not change the day of a task of somebody else', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const task = await ann.create({
    title: 'a',
    due_date: '2026-12-31',
    assignee_id: bob.user.id
  })
  t.equal((await bob.patch(task, { all_day: false })).statusCode, 403)
  t.equal((await bob.patch(task, { due_date: END, all_day: true })).statusCode, 200)
})

import t from 'tap'
import { createTestApp } from '../support/test-app.ts'

const { signUp, request } = await createTestApp(t)
const ann = await signUp()
const errorsOf = async (payload: object) => {
  const answer = await ann.post('/api/v1/tasks', payload)
  t.equal(answer.statusCode, 400)
  return answer.json().errors as { in: string; pointer: string; code: string; detail: string }[]
}

t.test('a body with several faults names all of them, each once and at its place', async (t) => {
  const errors = await errorsOf({
    titel: 'a',
    status: 'finished',
    priority: 7,
    tags: 'home',
    due_date: 'tomorrow',
    description: 5,
    assignee_id: 'ann'
  })
  t.strictSame(errors.map(({ in: where, pointer, code }) => `${where} ${pointer} ${code}`).sort(), [
    'body /assignee_id malformed',
    'body /description wrong_type',
    'body /due_date malformed',
    'body /priority wrong_type',
    'body /status unknown_value',
    'body /tags wrong_type',
    'body /titel unknown_field',
    'body /title required'
  ])
})

t.test('a mistyped name or value comes with the nearest known one', async (t) => {
  const guesses: [object, string][] = [
    [{ title: 'a', task_title: 'b' }, 'task_title is unknown; did you mean title?'],
    [{ title: 'a', duedate: null }, 'duedate is unknown; did you mean due_date?'],
    [{ title: 'a', Priority: 'low' }, 'Priority is unknown; did you mean priority?'],
    [{ title: 'a', owner_id: ann.user.id }, 'owner_id is unknown'],
    [{ title: 'a', xyzzy: 1 }, 'xyzzy is unknown.'],
    [
      { title: 'a', status: 'in-progress' },
      'status must be one of todo, in_progress, done; did you mean in_progress?'
    ],
    [{ title: 'a', priority: 'urgent' }, 'priority must be one of low, medium, high.']
  ]
  for (const [payload, detail] of guesses) {
    t.match(
      await errorsOf(payload),
      [{ detail: new RegExp(`^${detail.replaceAll('?', '\\?')}`) }],
      detail
    )
  }
})

t.test('nothing in a body is coerced, filled in or dropped', async (t) => {
  const wrong: [object, string][] = [
    [{ title: 5 }, '/title'],
    [{ title: null }, '/title'],
    [{ title: ['a'] }, '/title'],
    [{ title: true }, '/title'],
    [{ title: 'a', tags: 'home' }, '/tags'],
    [{ title: 'a', tags: [1] }, '/tags/0'],
    [{ title: 'a', tags: null }, '/tags'],
    [{ title: 'a', status: null }, '/status'],
    [{ title: 'a', due_date: 0 }, '/due_date'],
    [{ title: 'a', due_date: '' }, '/due_date'],
    [{ title: 'a', completed: 'true' }, '/completed'],
    [{ title: 'a', description: [] }, '/description']
  ]
  for (const [payload, pointer] of wrong) {
    t.match(await errorsOf(payload), [{ in: 'body', pointer }], JSON.stringify(payload))
  }
})

t.test('fields that callers do not own are unknown here', async (t) => {
  for (const name of [
    'owner_id',
    'version',
    'created_at',
    'updated_at',
    'deleted_at',
    'completed_at',
    'role'
  ]) {
    t.match(
      await errorsOf({ title: 'a', [name]: 'x' }),
      [{ pointer: `/${name}`, code: 'unknown_field' }],
      name
    )
  }
  const answer = await request({
    method: 'POST',
    url: '/api/v1/auth/register',
    payload: { username: 'eve', password: 'correct horse battery', role: 'admin' }
  })
  t.match(answer.json(), { status: 400, errors: [{ pointer: '/role', code: 'unknown_field' }] })
})

t.test('a name with a slash or a tilde is named by its escaped pointer', async (t) => {
  t.match(await errorsOf({ title: 'a', 'a/b~c': 1 }), [{ pointer: '/a~1b~0c' }])
})

t.test('a body of mistakes only is answered by as many as the contract allows', async (t) => {
  const many = Object.fromEntries(Array.from({ length: 9000 }, (_, i) => [`a${i}`, i]))
  const named = await errorsOf({ ...many, title: 5 })
  t.equal(named.length, 10, 'no value of so large an object is looked at')
  t.match(named, [{ pointer: '/a0', code: 'unknown_field' }])
  t.match(await errorsOf({ title: 'a', tags: Array(9000).fill(5) }), [
    { pointer: '/tags', code: 'too_long' }
  ])
  const batch = await ann.post('/api/v1/task-batches', {
    operations: Array.from({ length: 90 }, () => ({ op: 'create', data: { title: 5 } }))
  })
  t.equal(batch.json().errors.length, 50)
  const deep = await ann.post('/api/v1/task-batches', {
    operations: [{ op: 'create', data: many }]
  })
  t.equal(deep.json().errors.length, 10)
  t.match(deep.json().errors, [{ pointer: '/operations/0/data/a0', code: 'unknown_field' }])
  t.match(await errorsOf({ title: ' '.repeat(100_000) }), [{ pointer: '/title', code: 'too_long' }])
})

t.test('lengths count characters as people do: code points, not halves of them', async (t) => {
  t.equal((await ann.post('/api/v1/tasks', { title: '\u{1f6aa}'.repeat(200) })).statusCode, 201)
  t.match(await errorsOf({ title: '\u{1f6aa}'.repeat(201) }), [{ pointer: '/title' }])
})

t.test('a malformed entity tag is named as a header', async (t) => {
  const task = await ann.create({ title: 'Paint the door' })
  for (const tag of ['x', '3', '"3', 'W/3', '""" ', 'a'.repeat(1001), '\u00ff']) {
    const answer = await ann.send({
      method: 'DELETE',
      url: `/api/v1/tasks/${task.id}`,
      headers: { 'if-match': tag }
    })
    t.match(
      answer.json(),
      { status: 400, errors: [{ in: 'header', pointer: /^\/if-match$/i }] },
      tag.slice(0, 10)
    )
  }
})

t.test('a zone whose plus sign was lost on the way is named', async (t) => {
  for (const lost of [
    '2026-01-01T00:00:00+02:00',
    '2026-01-01T00:00:00.5+0200',
    '2026-01-01T00:00+02'
  ]) {
    const answer = await ann.get(`/api/v1/tasks?due_after=${lost}`)
    t.match(answer.json(), {
      status: 400,
      errors: [{ in: 'query', pointer: '/due_after', code: 'malformed', detail: /%2B/ }]
    })
  }
  const zone = await ann.get('/api/v1/tasks?time_zone=Etc/GMT+5')
  t.match(zone.json(), { errors: [{ pointer: '/time_zone', detail: /%2B/ }] })
  const other = await ann.get('/api/v1/tasks?due_after=tomorrow')
  t.notMatch(other.json().errors[0].detail, /%2B/)
})

t.test('several values that are joined to one are told apart from a wrong one', async (t) => {
  const id = ann.user.id
  for (const joined of ['status=todo,done', 'priority=low;high', `project_id=${id},${id}`]) {
    const answer = await ann.get(`/api/v1/tasks?${joined}`)
    t.match(answer.json(), {
      status: 400,
      errors: [{ pointer: /\/0$/, detail: /Repeat the parameter for several values\.$/ }]
    })
  }
  const other = await ann.get('/api/v1/tasks?status=begun')
  t.notMatch(other.json().errors[0].detail, /Repeat/)
})

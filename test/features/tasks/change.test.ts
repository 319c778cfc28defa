import t from 'tap'
import { createTestApp } from '../../support/test-app.ts'

const { events, signUp } = await createTestApp(t)

t.test('a patch changes the fields that it names and no others', async (t) => {
  const ann = await signUp()
  const task = await ann.create({
    title: 'Paint',
    description: 'the door',
    due_date: '2026-02-01T00:00:00Z',
    tags: ['home'],
    priority: 'high'
  })
  const response = await ann.patch(task, { due_date: null, title: 'Paint it' })
  t.equal(response.statusCode, 200)
  t.match(response.json(), {
    title: 'Paint it',
    due_date: null,
    description: 'the door',
    tags: ['home'],
    priority: 'high',
    version: 2
  })
  t.equal(response.headers.etag, '"2"')
  t.strictSame(await events.of(task), ['task.created', 'task.updated'])
})

t.test('merge-patch+json means the same as json', async (t) => {
  const ann = await signUp()
  const task = await ann.create({ title: 'Paint' })
  const response = await ann.send({
    method: 'PATCH',
    url: `/api/v1/tasks/${task.id}`,
    payload: '{"status":"done"}',
    headers: { 'content-type': 'application/merge-patch+json' }
  })
  t.match(response.json(), { status: 'done', completed: true, version: 2 })
  t.type(response.json().completed_at, 'string')
  t.equal((await ann.patch(task, { status: 'todo' })).json().completed_at, null)
})

t.test('a patch that changes nothing creates no version and no event', async (t) => {
  const ann = await signUp()
  const task = await ann.create({ title: 'Paint', tags: ['a'], due_date: '2026-02-01T00:00:00Z' })
  const response = await ann.patch(task, {
    title: ' Paint ',
    tags: ['a'],
    due_date: '2026-02-01T01:00:00+01:00'
  })
  t.equal(response.statusCode, 200)
  t.strictSame(response.json(), task)
  t.strictSame(await events.of(task), ['task.created'])
})

t.test('an invalid change is rejected with the invalid field and changes nothing', async (t) => {
  const ann = await signUp()
  const task = await ann.create({ title: 'Paint' })
  const cases: [object, string, string][] = [
    [{}, '', 'empty'],
    [{ title: null }, '/title', 'wrong_type'],
    [{ title: '  ' }, '/title', 'malformed'],
    [{ title: 'x'.repeat(201) }, '/title', 'malformed'],
    [{ status: null }, '/status', 'wrong_type'],
    [{ titel: 'x' }, '/titel', 'unknown_field'],
    [{ version: 7 }, '/version', 'unknown_field'],
    [{ owner_id: task.id }, '/owner_id', 'unknown_field'],
    [{ due_date: '2026-02-30' }, '/due_date', 'malformed'],
    [{ tags: ['a|b'] }, '/tags/0', 'malformed'],
    [{ description: 'x'.repeat(10_001) }, '/description', 'too_long'],
    [{ assignee_id: '019f2f6e-7c1a-7aaa-8aaa-0123456789ab' }, '/assignee_id', 'unknown_user']
  ]
  for (const [payload, pointer, code] of cases) {
    const response = await ann.patch(task, payload)
    t.equal(response.statusCode, 400, JSON.stringify(payload).slice(0, 60))
    t.match(response.json().errors, [{ in: 'body', pointer, code }])
  }
  t.strictSame((await ann.read(task)).json(), task)
  t.strictSame(await events.of(task), ['task.created'])
})

t.test('PUT requires every writable field and refers to PATCH', async (t) => {
  const ann = await signUp()
  const task = await ann.create({ title: 'Paint', description: 'x' })
  const whole = {
    title: 'New',
    description: null,
    status: 'in_progress',
    priority: 'low',
    due_date: null,
    tags: [],
    assignee_id: null
  }
  for (const field of Object.keys(whole)) {
    const { [field as 'title']: _, ...less } = whole
    const response = await ann.put(task, less)
    t.match(
      response.json(),
      { status: 400, errors: [{ pointer: `/${field}`, code: 'required', detail: /PATCH/ }] },
      field
    )
  }
  t.match((await ann.put(task, whole)).json(), { ...whole, version: 2 })
})

t.test(
  'titles may have 200 characters besides surrounding blanks; an emoji is one character',
  async (t) => {
    const ann = await signUp()
    t.equal((await ann.create({ title: ` ${'😀'.repeat(200)} ` })).title, '😀'.repeat(200))
    t.equal((await ann.post('/api/v1/tasks', { title: '😀'.repeat(201) })).statusCode, 400)
    t.equal(
      (await ann.create({ title: 'é', description: '日本語\n\t"quoted" \\ ok' })).description,
      '日本語\n\t"quoted" \\ ok'
    )
    t.equal((await ann.post('/api/v1/tasks', { title: 'a\u202eb' })).statusCode, 400)
  }
)

t.test('due dates in the years 1 and 9999 are returned as they were sent', async (t) => {
  const ann = await signUp()
  for (const due_date of [
    '0001-01-01T00:00:00.000Z',
    '9999-12-31T23:59:59.999Z',
    '1969-12-31T23:59:59.120Z'
  ]) {
    const task = await ann.create({ title: 'When', due_date })
    t.equal((await ann.read(task)).json().due_date, due_date)
  }
})

t.test('tags with backslashes, quotes and braces come back as they were sent', async (t) => {
  const ann = await signUp()
  const tags = ['\\', 'C:\\new\\', '"', '\\"', '{a,b}', 'NULL', "it's"]
  const task = await ann.create({ title: 'Paint', tags })
  t.strictSame(task.tags, tags)
  t.strictSame((await ann.read(task)).json().tags, tags)
  t.strictSame((await ann.get('/api/v1/tasks')).json().data[0].tags, tags)
  for (const tag of tags) {
    const found = await ann.get(`/api/v1/tasks?tag=${encodeURIComponent(tag)}`)
    t.equal(found.json().data.length, 1, `found by ${tag}`)
  }
  t.equal((await ann.patch(task, { tags })).json().version, 1, 'they are the same tags')
  const changed = await ann.patch(task, { tags: [...tags].reverse() })
  t.strictSame(changed.json().tags, [...tags].reverse())
  const { data } = (await ann.get(`/api/v1/tasks/${task.id}/events`)).json()
  t.strictSame(data[0].changes, [
    { field: 'tags', before: tags.join('|'), after: [...tags].reverse().join('|') }
  ])
})

t.test(
  'titles and tags keep marks of direction, and need a character that can be seen',
  async (t) => {
    const ann = await signUp()
    for (const text of [
      '\u200fשלום',
      'שלום\u200e (2)',
      '\u061cمرحبا\u200f',
      '❤\ufe0f',
      '葛\u{e0100}',
      '🏴\u{e0067}\u{e007f}',
      '\u200b a'
    ]) {
      t.match(await ann.create({ title: text, tags: [text] }), { title: text, tags: [text] })
    }
    t.equal((await ann.create({ title: `\u200f${'a'.repeat(192)}` })).title.length, 193)
    for (const text of [
      ...['\u200b', '\u2060', '\u3164', '\u2800', '\u00ad', '\u200d', '\u200e', '\ufe0f'],
      ' \u200b\u00a0\u200f ',
      '\u200b'.repeat(40),
      ...[
        '\ufff0',
        '\ufff9',
        '\u{e0001}',
        '\u{e0020}\u200b',
        '\u{e01ef}',
        '\u{1d173}',
        '\u{1bca0}',
        '\u{13430}'
      ],
      'a\u202eb',
      'a\u2066b'
    ]) {
      const answer = await ann.post('/api/v1/tasks', { title: text, tags: [text] })
      t.match(
        answer.json(),
        { status: 400, errors: [{ pointer: '/title' }, { pointer: '/tags/0' }] },
        escape(text)
      )
    }
  }
)

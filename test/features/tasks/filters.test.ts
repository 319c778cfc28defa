import t from 'tap'
import { createTestApp, type Person } from '../../support/test-app.ts'

const { signUp } = await createTestApp(t)

const titles = async (who: Person, query: string): Promise<string[]> => {
  const response = await who.get(`/api/v1/tasks?${query}`)
  return response
    .json()
    .data.map((task: { title: string }) => task.title)
    .sort()
}

t.test('each filter returns the tasks that it describes, alone and combined', async (t) => {
  const [ann, bob] = [await signUp(), await signUp('manager')]
  await ann.create({
    title: 'a',
    status: 'todo',
    priority: 'low',
    tags: ['red', 'x "q" \\ y'],
    due_date: '2020-01-01T00:00:00Z'
  })
  await ann.create({
    title: 'b',
    status: 'in_progress',
    priority: 'high',
    tags: ['blue'],
    due_date: '2999-01-01T00:00:00Z',
    assignee_id: bob.user.id
  })
  await ann.create({
    title: 'c',
    status: 'done',
    priority: 'high',
    tags: ['red', 'blue'],
    due_date: '2020-06-01T00:00:00Z'
  })
  await ann.create({ title: 'd' })
  await bob.create({ title: 'bobs' })
  const cases: [string, string[]][] = [
    ['', ['a', 'b', 'c', 'd']],
    ['status=todo', ['a', 'd']],
    ['status=todo&status=done', ['a', 'c', 'd']],
    ['completed=true', ['c']],
    ['completed=false', ['a', 'b', 'd']],
    ['completed=true&status=todo', []],
    ['priority=high', ['b', 'c']],
    ['priority=high&priority=low', ['a', 'b', 'c']],
    ['priority=medium', ['d']],
    ['tag=red', ['a', 'c']],
    ['tag=red&tag=blue', ['a', 'b', 'c']],
    [`tag=${encodeURIComponent('x "q" \\ y')}`, ['a']],
    ['tag=none', []],
    [`assignee_id=${bob.user.id}`, ['b']],
    [`owner_id=${ann.user.id}`, ['a', 'b', 'c', 'd']],
    ['overdue=true', ['a']],
    ['overdue=false', ['b', 'c', 'd']],
    ['due_before=2020-06-01T00:00:00Z', ['a']],
    ['due_after=2020-06-01T00:00:00Z', ['b', 'c']],
    ['due_after=2020-01-01T01:00:00%2B01:00&due_before=2021-01-01T00:00:00Z', ['a', 'c']],
    ['created_before=2020-01-01T00:00:00Z', []],
    ['created_after=2020-01-01T00:00:00Z&updated_after=2020-01-01T00:00:00Z', ['a', 'b', 'c', 'd']],
    ['priority=high&tag=red&completed=true', ['c']],
    ['scope=mine', ['a', 'b', 'c', 'd']]
  ]
  for (const [query, expected] of cases) {
    t.strictSame(await titles(ann, query), expected, query)
  }
  t.strictSame(await titles(bob, ''), ['b', 'bobs'], 'own and assigned')
  t.strictSame(
    await titles(bob, 'scope=all'),
    ['a', 'b', 'bobs', 'c', 'd'],
    'in the first test of the file nobody else has tasks'
  )
  t.strictSame(await titles(bob, `owner_id=${ann.user.id}&status=done`), ['c'])
  t.strictSame(await titles(bob, `owner_id=${bob.user.id}`), ['bobs'])
})

t.test("everybody's tasks are sorted by times, and by more where an owner is named", async (t) => {
  const [boss, ann] = [await signUp('manager'), await signUp()]
  await ann.create({ title: 'a' })
  const list = (query: string) => boss.get(`/api/v1/tasks?scope=all&${query}`)
  for (const sort of ['title_asc', 'title_desc', 'priority_asc', 'priority_desc']) {
    const refused = await list(`sort=${sort}`)
    t.equal(refused.statusCode, 400, sort)
    t.match(refused.json(), { errors: [{ in: 'query', pointer: '/sort', code: 'not_sortable' }] })
    t.equal((await list(`sort=${sort}&owner_id=${ann.user.id}`)).json().data.length, 1, sort)
  }
  for (const sort of ['created_at_asc', 'updated_at_desc', 'due_date_asc']) {
    t.equal((await list(`sort=${sort}`)).statusCode, 200, sort)
  }
})

t.test(
  'words are found in title and description, whatever their case; the last one may be a prefix',
  async (t) => {
    const ann = await signUp()
    await ann.create({ title: 'Paint the Door', description: 'with blue colour' })
    await ann.create({ title: 'Mow the lawn 100% well' })
    await ann.create({ title: 'Étude für Élise', description: 'übung' })
    const cases: [string, string[]][] = [
      ['paint', ['Paint the Door']],
      ['PAINT door', ['Paint the Door']],
      ['door colour', ['Paint the Door']],
      ['col', ['Paint the Door']],
      ['pai', ['Paint the Door']],
      ['col paint', []],
      ['the', ['Mow the lawn 100% well', 'Paint the Door']],
      ['the -door', ['Mow the lawn 100% well']],
      ['"the door"', ['Paint the Door']],
      ['100%', ['Mow the lawn 100% well']],
      ['élise', ['Étude für Élise']],
      ['absent', []]
    ]
    for (const [q, expected] of cases) {
      t.strictSame(await titles(ann, `q=${encodeURIComponent(q)}`), expected, q)
    }
  }
)

t.test('any text is a valid search', async (t) => {
  const ann = await signUp()
  await ann.create({ title: 'abc 100' })
  for (const q of [
    '%',
    '_',
    '!!!',
    '&',
    '| |',
    "'",
    "''",
    ':*',
    '\\',
    '"',
    '(',
    '((a',
    '<->',
    'a:*',
    '*',
    '\u2603',
    '-',
    '--',
    'or',
    '" or "',
    'ＡＢ',
    '💥 & !',
    'x'.repeat(200)
  ]) {
    const response = await ann.get(`/api/v1/tasks?q=${encodeURIComponent(q)}`)
    t.equal(response.statusCode, 200, q)
  }
  t.strictSame(await titles(ann, 'q=%25'), [], '% is an ordinary character')
  t.strictSame(await titles(ann, 'q=_'), [], '_ is an ordinary character')
  t.equal((await ann.get('/api/v1/tasks?q=%00')).statusCode, 400)
})

t.test('an unknown or invalid parameter is 400 and suggests what was probably meant', async (t) => {
  const ann = await signUp()
  const cases: [string, object][] = [
    [
      'statuss=todo',
      { pointer: '/statuss', code: 'unknown_field', detail: /did you mean status\?/ }
    ],
    ['status[]=todo', { pointer: '/status[]', code: 'unknown_field' }],
    ['sort=due', { pointer: '/sort', code: 'unknown_value' }],
    ['limit=0', { pointer: '/limit' }],
    ['limit=101', { pointer: '/limit' }],
    ['limit=5&limit=6', { code: 'given_twice' }],
    ['q=', { pointer: '/q', code: 'too_short' }],
    ['due_before=yesterday', { pointer: '/due_before' }],
    ['completed=yes', { pointer: '/completed' }],
    ['assignee_id=me', { pointer: '/assignee_id' }],
    ['deleted=yes', { pointer: '/deleted' }]
  ]
  for (const [query, error] of cases) {
    t.match(
      (await ann.get(`/api/v1/tasks?${query}`)).json(),
      { status: 400, errors: [{ in: 'query', ...error }] },
      query
    )
  }
})

t.test('the total and the statistics count what the list returns', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  await ann.create({ title: 'a', status: 'done', priority: 'low' })
  await ann.create({ title: 'b', due_date: '2020-01-01T00:00:00Z', assignee_id: bob.user.id })
  const deleted = await ann.create({ title: 'c', priority: 'high' })
  await ann.remove(deleted)
  await bob.create({ title: 'd' })
  t.strictSame(
    (await ann.get('/api/v1/tasks?limit=1&include_total=true')).json().pagination.total,
    2
  )
  t.notOk('total' in (await ann.get('/api/v1/tasks')).json().pagination)
  t.strictSame((await ann.get('/api/v1/task-stats')).json(), {
    total: 2,
    by_status: { todo: 1, in_progress: 0, done: 1 },
    by_priority: { low: 1, medium: 1, high: 0 },
    overdue: 1
  })
  t.match((await bob.get('/api/v1/task-stats')).json(), { total: 2, overdue: 1 })
  t.match((await ann.get('/api/v1/task-stats?deleted=include&priority=high')).json(), {
    total: 1,
    by_priority: { high: 1 }
  })
  t.match((await ann.get('/api/v1/task-stats?status=done')).json(), { total: 1, overdue: 0 })
  t.equal((await ann.get('/api/v1/task-stats?scope=all')).statusCode, 403)
})

import t from 'tap'
import {
  accepted,
  ended,
  errorsOf,
  imported,
  sample,
  tasksOf,
  upload,
  worker
} from '../../support/imports.ts'
import { createTestApp } from '../../support/test-app.ts'

const { signUp, events, db, config } = await createTestApp(t)
worker(t, { db, config })

t.test('valid rows are imported, invalid ones are listed with their errors', async (t) => {
  const ann = await signUp()
  const response = await upload(ann, sample('odd'))
  t.match(response, { statusCode: 202, headers: { 'retry-after': '1' } })
  const first = response.json()
  t.equal(response.headers.location, `/api/v1/task-imports/${first.id}`)
  t.match(first, {
    status: 'queued',
    file_name: 'tasks.csv',
    dry_run: false,
    rows_total: 11,
    rows_processed: 0,
    ignored_columns: ['Owner'],
    started_at: null,
    finished_at: null
  })
  const done = await ended(ann, first)
  t.match(done, {
    status: 'succeeded',
    rows_total: 11,
    rows_processed: 11,
    rows_imported: 7,
    rows_rejected: 4
  })
  t.ok(done.started_at && done.finished_at)
  t.notOk('problem' in done)
  t.strictSame(
    (await errorsOf(ann, done)).map(({ row, column, code }) => [row, column, code]),
    [
      [8, 'title', 'required'],
      [9, 'status', 'unknown_value'],
      [10, 'due_date', 'malformed'],
      [11, 'title', 'malformed']
    ]
  )
  t.strictSame(
    (await tasksOf(ann)).map(({ title, description, status, priority, due_date }) => [
      title,
      description,
      status,
      priority,
      due_date
    ]),
    [
      ['Buy milk, eggs', 'line one\r\nline two', 'done', 'high', '2025-04-10T23:59:59.999Z'],
      ['Trim me', ' ', 'in_progress', 'low', null],
      ['Café – naïve ✓', '日本語', 'in_progress', 'medium', null],
      ['No status at all', 'desc', 'todo', 'medium', null],
      ['Short row', null, 'todo', 'medium', null],
      ['=HYPERLINK("http://x")', 'formula kept as text', 'todo', 'medium', null],
      ['He said "hi"', 'quotes', 'done', 'medium', '2025-12-31T10:00:00.000Z']
    ]
  )
})

t.test(
  'an imported task has version 1, is completed when it is done, and has one event of the upload',
  async (t) => {
    const ann = await signUp()
    const response = await upload(ann, 'title,status\nOpen,todo\nDone,completed\n')
    await ended(ann, response.json())
    const [open, done] = await tasksOf(ann)
    t.match(open, {
      version: 1,
      owner_id: ann.user.id,
      completed: false,
      completed_at: null,
      assignee_id: null,
      tags: []
    })
    t.match(done, { version: 1, completed: true, completed_at: done?.created_at })
    for (const task of [open, done]) {
      const { data } = (await ann.get(`/api/v1/tasks/${task?.id}/events`)).json()
      t.match(data, [
        {
          type: 'task.created',
          version: 1,
          actor_id: ann.user.id,
          request_id: response.headers['x-request-id'],
          changes: []
        }
      ])
      t.equal(data.length, 1)
    }
    t.equal((await ann.patch(open as { id: string }, { status: 'done' }, 1)).statusCode, 200)
    t.strictSame(await events.of(open as { id: string }), ['task.created', 'task.updated'])
  }
)

t.test('states, priorities, dates and tags may be spelled in several ways', async (t) => {
  const ann = await signUp()
  const file = [
    '\ufeffTITLE,Status,PRIORITY,Tags,due_date',
    'a,Pending, HIGH ,x|y|x,2026-01-31',
    'b,In Progress,low,| x ||,2026-01-31T10:00:00+02:00',
    'c,in-progress,Medium,,',
    'd,COMPLETED,,,',
    'e,Done,,,',
    'f,IN_PROGRESS,,,'
  ].join('\r\n')
  t.match(await imported(ann, file), { status: 'succeeded', rows_imported: 6, rows_rejected: 0 })
  t.strictSame(
    (await tasksOf(ann)).map(({ status, priority, tags, due_date }) => [
      status,
      priority,
      tags,
      due_date
    ]),
    [
      ['todo', 'high', ['x', 'y'], '2026-01-31T23:59:59.999Z'],
      ['in_progress', 'low', ['x'], '2026-01-31T08:00:00.000Z'],
      ['in_progress', 'medium', [], null],
      ['done', 'medium', [], null],
      ['done', 'medium', [], null],
      ['in_progress', 'medium', [], null]
    ]
  )
})

t.test(
  'an empty cell is absent, a quoted one is an empty description, blank rows do not count',
  async (t) => {
    const ann = await signUp()
    const done = await imported(ann, 'title,description\n\none,\n   \n,,\ntwo,""\n"",""\nthree\n')
    t.match(done, { rows_total: 3, rows_imported: 3 })
    t.strictSame(
      (await tasksOf(ann)).map(({ title, description }) => [title, description]),
      [
        ['one', null],
        ['two', ''],
        ['three', null]
      ]
    )
  }
)

t.test('one guard before a formula is removed, and nothing else', async (t) => {
  const ann = await signUp()
  await imported(ann, "title,description,tags\n'=1+1,''=2,'-a|b\n'quoted',it's,\n")
  t.strictSame(
    (await tasksOf(ann)).map(({ title, description, tags }) => [title, description, tags]),
    [
      ['=1+1', "'=2", ['-a', 'b']],
      ["'quoted'", "it's", []]
    ]
  )
})

t.test('every invalid cell of a row is listed, with the beginning of its value', async (t) => {
  const ann = await signUp()
  const long = 'ä'.repeat(500)
  const done = await imported(
    ann,
    [
      'title,status,priority,due_date,tags,note',
      `,nope,someday,soon,${'x'.repeat(60)},${long}`,
      'fine,,,,,',
      `${long},,,,,`,
      'four,,,,,a,b',
      'control\u0000,,,,,',
      'day,,,2026-02-30,,'
    ].join('\n')
  )
  t.match(done, { rows_total: 6, rows_imported: 1, rows_rejected: 5, ignored_columns: ['note'] })
  const errors = await errorsOf(ann, done)
  t.strictSame(
    errors.map(({ row, column, code, value }) => [row, column, code, value]),
    [
      [1, 'due_date', 'malformed', 'soon'],
      [1, 'priority', 'unknown_value', 'someday'],
      [1, 'status', 'unknown_value', 'nope'],
      [1, 'tags', 'too_long', 'x'.repeat(60)],
      [1, 'title', 'required', null],
      [3, 'title', 'too_long', 'ä'.repeat(200)],
      [4, null, 'too_many_cells', 'b'],
      [5, 'title', 'malformed', 'control\ufffd'],
      [6, 'due_date', 'malformed', '2026-02-30']
    ]
  )
  t.match(errors.find(({ column }) => column === 'status')?.message, /todo, in_progress, done/)
})

t.test('a dry run reports the same and creates nothing', async (t) => {
  const ann = await signUp()
  const before = await events.count()
  const dryRun = await ended(ann, await accepted(ann, sample('odd'), { query: '?dry_run=true' }))
  t.match(dryRun, {
    status: 'succeeded',
    dry_run: true,
    rows_total: 11,
    rows_processed: 11,
    rows_imported: 7,
    rows_rejected: 4,
    ignored_columns: ['Owner']
  })
  t.strictSame((await tasksOf(ann)).length, 0)
  t.equal(await events.count(), before)
  const real = await imported(ann, sample('odd'))
  t.strictSame(await errorsOf(ann, dryRun), await errorsOf(ann, real))
})

t.test('a file with a header and no rows imports nothing', async (t) => {
  const ann = await signUp()
  t.match(await imported(ann, sample('header_only')), {
    status: 'succeeded',
    rows_total: 0,
    rows_imported: 0
  })
  t.match(await imported(ann, sample('f2')), {
    status: 'succeeded',
    rows_total: 1,
    rows_imported: 1
  })
})

t.test('columns are known by their words, however these are joined', async (t) => {
  for (const due of ['Due Date', 'due-date', 'dueDate', 'DUE_DATE', 'Due']) {
    const ann = await signUp()
    await imported(ann, `Title,${due}\nPaint,2026-05-01\n`)
    t.match(await tasksOf(ann), [{ due_date: '2026-05-01T23:59:59.999Z' }], due)
  }
})

t.test('states and priorities are known by what people call them', async (t) => {
  const ann = await signUp()
  const words = ['To do', 'To Do', 'to-do', 'Not Started', 'Completed', 'In Progress']
  const done = await imported(
    ann,
    `title,status,priority\n${words.map((word, i) => `${word},${word},${i % 2 ? 'Normal' : 'Urgent'}\n`).join('')}`
  )
  t.match(done, { rows_imported: 6, rows_rejected: 0 })
  const byTitle = new Map((await tasksOf(ann)).map((task) => [task.title, task]))
  t.strictSame(
    words.map((word) => byTitle.get(word)?.status),
    ['todo', 'todo', 'todo', 'todo', 'done', 'in_progress']
  )
  t.equal(byTitle.get('To do')?.priority, 'high')
  t.equal(byTitle.get('To Do')?.priority, 'medium')
})

import t from 'tap'
import {
  errorsOf,
  foreign,
  IMPORTS,
  imported,
  PREVIEW,
  preview,
  tasksOf,
  upload,
  worker
} from '../../support/imports.ts'
import { createTestApp, type Person } from '../../support/test-app.ts'

const { signUp, db, config } = await createTestApp(t)
worker(t, { db, config })
const elsewhere = await createTestApp(t)
worker(t, elsewhere)

const exportOf = async (who: Person) => (await who.get('/api/v1/task-exports/csv')).body
const accountOf = async (who: Person) => (await who.get('/api/v1/me/export')).body
const asJsonLines = { name: 'tasklane.jsonl', type: 'application/x-ndjson' }
const dueOf = async (who: Person) =>
  Object.fromEntries(
    (await tasksOf(who)).map(({ title, due_date, all_day }) => [title, [due_date, all_day]])
  )
const withoutVersion = ({
  version,
  updated_at,
  owner_id,
  created_by,
  ...rest
}: Record<string, unknown>) => rest

const day = (date: string) => [`${date}T23:59:59.999Z`, true]
const moment = (time: string) => [time, false]

t.test('dates without a time make all-day tasks, whichever program wrote them', async (t) => {
  const files: [file: string | Buffer, due: Record<string, unknown>][] = [
    [foreign('todoist-template'), { 'Buy soil, 40 l': day('2026-04-10') }],
    [foreign('asana-project'), { 'Draft the invitation': day('2026-03-31') }],
    [foreign('jira-filter'), { 'Fix "login" page': day('2026-01-31') }],
    [foreign('outlook-tasks-de-cp1252'), { 'Müll rausbringen': day('2026-03-31') }],
    [foreign('trello-board'), { 'Paint the fence': moment('2026-05-02T09:00:00.000Z') }],
    [foreign('ticktick-backup'), { 'Clean the oven': moment('2026-03-01T08:00:00.000Z') }],
    [
      'tasklist,title,notes,status,due\nx,Buy,n,needsAction,2026-01-02T00:00:00.000Z\n',
      { Buy: day('2026-01-02') }
    ],
    [
      'title,due\na,31.12.2026\nb,31/12/2026\nc,20261231\nd,"31.12.2026 09:00Z"\n',
      {
        a: day('2026-12-31'),
        b: day('2026-12-31'),
        c: day('2026-12-31'),
        d: moment('2026-12-31T09:00:00.000Z')
      }
    ]
  ]
  for (const [file, due] of files) {
    const ann = await signUp()
    await imported(ann, file, { query: '?time_zone=Asia/Tokyo' })
    t.match(await dueOf(ann), due)
  }
})

t.test('a whole day of TickTick is that day where the task is, on both sides of UTC', async (t) => {
  const ann = await signUp()
  const header = '"List Name","Title","Content","Is Check list","Due Date","Timezone","Is All Day"'
  const rows = [
    'x,Berlin,,N,2026-07-01T22:00:00+0000,Europe/Berlin,true',
    'x,Los Angeles,,N,2026-07-02T07:00:00+0000,America/Los_Angeles,true',
    'x,Nowhere,,N,2026-07-02T00:00:00+0000,Mars/Olympus,true',
    'x,Wrong,,N,tomorrow,Europe/Berlin,true'
  ]
  const done = await imported(ann, [header, ...rows].join('\n'))
  t.strictSame(await dueOf(ann), {
    Berlin: day('2026-07-02'),
    'Los Angeles': day('2026-07-02'),
    Nowhere: day('2026-07-02')
  })
  t.match(await errorsOf(ann, done), [{ row: 4, column: 'due_date', code: 'malformed' }])
})

t.test('a time of Todoist is meant in the zone of its row, else in that of the file', async (t) => {
  const ann = await signUp()
  const file = [
    'TYPE,CONTENT,PRIORITY,INDENT,DATE,TIMEZONE',
    'task,Own,1,1,2026-04-10 17:15,Europe/Berlin',
    'task,Day,1,1,2026-04-10,Europe/Berlin',
    'task,None,1,1,2026-04-10 17:15,',
    'task,Unknown,1,1,2026-04-10 17:15,Mars/Olympus'
  ].join('\n')
  const without = await imported(ann, file)
  t.match(without, { source: 'todoist', rows_imported: 2, rows_rejected: 2 })
  t.match(await errorsOf(ann, without), [
    { row: 3, message: /time_zone/ },
    { row: 4, message: /time_zone/ }
  ])
  const bob = await signUp()
  await imported(bob, file, { query: '?time_zone=America/New_York' })
  t.strictSame(await dueOf(bob), {
    Own: moment('2026-04-10T15:15:00.000Z'),
    Day: day('2026-04-10'),
    None: moment('2026-04-10T21:15:00.000Z'),
    Unknown: moment('2026-04-10T21:15:00.000Z')
  })
})

t.test('a preview reads times in time_zone and shows whole days, as the import does', async (t) => {
  const ann = await signUp()
  const file = 'title,due,created_at\nTime,04/05/2026 14:00,2025-01-01 00:30\nDay,04/05/2026,\n'
  const query = '?time_zone=Europe/Berlin&date_order=dmy'
  const shown = await preview(ann, file, { query })
  t.match(shown, {
    rows_valid: 2,
    warnings: [],
    tasks: [
      {
        title: 'Time',
        due_date: '2026-05-04T12:00:00.000Z',
        all_day: false,
        created_at: '2024-12-31T23:30:00.000Z'
      },
      { title: 'Day', due_date: '2026-05-04T23:59:59.999Z', all_day: true }
    ]
  })
  t.match(await imported(ann, file, { query }), { rows_imported: 2, warnings: [] })
  t.strictSame(await dueOf(ann), {
    Time: moment('2026-05-04T12:00:00.000Z'),
    Day: day('2026-05-04')
  })
  const without = await preview(ann, file, { query: '?date_order=dmy' })
  t.match(without, {
    rows_rejected: 1,
    errors: [{ row: 1, column: 'due_date', message: /time_zone/ }],
    warnings: [{ code: 'time_zone_assumed' }]
  })
  const response = await ann.send({
    method: 'POST',
    url: `${PREVIEW}?time_zone=Berlin`,
    payload: file,
    headers: { 'content-type': 'text/csv' }
  })
  t.match(response.json(), {
    status: 400,
    errors: [{ in: 'query', pointer: '/time_zone', detail: /did you mean Europe\/Berlin\?/ }]
  })
})

t.test('days of creation and completion begin in time_zone, else in UTC', async (t) => {
  const file = 'title,created_at,completed_at\nDone,2026-01-02,2026-07-02\n'
  const [ann, bob] = [await signUp(), await signUp()]
  await imported(ann, file)
  await imported(bob, file, { query: '?time_zone=Europe/Berlin' })
  t.match(await tasksOf(ann), [
    { created_at: '2026-01-02T00:00:00.000Z', completed_at: '2026-07-02T00:00:00.000Z' }
  ])
  t.match(await tasksOf(bob), [
    { created_at: '2026-01-01T23:00:00.000Z', completed_at: '2026-07-01T22:00:00.000Z' }
  ])
})

t.test('the same file in another time zone is another request', async (t) => {
  const ann = await signUp()
  const file = 'title,due\nTime,2026-05-04 14:00\n'
  const send = (zone: string) => upload(ann, file, { query: `?time_zone=${zone}`, key: 'the-file' })
  const first = await send('Europe/Berlin')
  t.equal((await send('Europe/Berlin')).json().id, first.json().id)
  t.match((await send('Asia/Tokyo')).json(), { code: 'idempotency_key_reused' })
  t.equal((await ann.get(IMPORTS)).json().data.length, 1)
})

async function household(): Promise<Person> {
  const ann = await signUp()
  await ann.create({ title: 'Day', due_date: '2026-12-31' })
  await ann.create({ title: 'End of day', due_date: '2026-12-31T23:59:59.999Z' })
  await ann.create({ title: 'Never' })
  await ann.patch(await ann.create({ title: 'Done', due_date: '2026-01-01' }), { status: 'done' })
  return ann
}

t.test('all-day tasks move to another installation as CSV and as JSON lines', async (t) => {
  const ann = await household()
  const before = (await tasksOf(ann)).map(withoutVersion)
  const moves = [
    [await exportOf(ann), undefined],
    [await accountOf(ann), asJsonLines]
  ] as const
  for (const [file, as] of moves) {
    const away = await elsewhere.signUp()
    const done = await imported(away, file, as)
    t.match(done, { source: 'tasklane', rows_created: 4, rows_rejected: 0 })
    t.notOk(done.ignored_columns.includes('all_day'))
    t.strictSame(
      (await tasksOf(away)).map(({ id, ...task }) => withoutVersion(task)),
      before.map(({ id, ...task }) => task)
    )
    for (const who of [away, ann]) {
      t.match(await imported(who, file, { ...as, query: '?on_conflict=update' }), {
        rows_created: 0,
        rows_updated: 0,
        rows_skipped: 4
      })
    }
  }
  t.strictSame((await tasksOf(ann)).map(withoutVersion), before)
})

t.test(
  'updating by a file makes days of moments and moments of days, with their history',
  async (t) => {
    const ann = await household()
    const rows = (await tasksOf(ann)).map(({ id, title }) => {
      const due = {
        Day: '2026-12-31T23:59:59.999Z',
        'End of day': '2026-12-31',
        Never: '2027-01-01'
      }
      return `${id},${title},${due[title as keyof typeof due] ?? ''}`
    })
    const file = ['id,title,due_date', ...rows].join('\n')
    t.match(await imported(ann, file, { query: '?on_conflict=update' }), { rows_updated: 4 })
    t.strictSame(await dueOf(ann), {
      Day: moment('2026-12-31T23:59:59.999Z'),
      'End of day': day('2026-12-31'),
      Never: day('2027-01-01'),
      Done: [null, false]
    })
    const [{ id } = { id: '' }] = await tasksOf(ann)
    const history = (await ann.get(`/api/v1/tasks/${id}/events`)).json().data
    t.match(
      history.find(({ type }: { type: string }) => type === 'task.updated'),
      { changes: [{ field: 'all_day', before: 'true', after: 'false' }] }
    )
    const titles = rows.map((row) =>
      row.split(',').slice(0, 2).join(',').replace('Never', 'Some day')
    )
    await imported(ann, ['id,title', ...titles].join('\n'), { query: '?on_conflict=update' })
    t.match(await dueOf(ann), { 'Some day': day('2027-01-01') }, 'what is not in the file stays')
  }
)

t.test('a line whose all_day contradicts its due date says that it is ignored', async (t) => {
  const ann = await signUp()
  const lines = [
    { title: 'Agrees', due_date: '2026-12-31', all_day: true },
    { title: 'End', due_date: '2026-12-31T23:59:59.999Z', all_day: true },
    { title: 'Moment', due_date: '2026-12-31T23:59:59.999Z', all_day: false },
    { title: 'Never', due_date: null, all_day: false }
  ]
  const fileOf = (all: object[]) => all.map((line) => `${JSON.stringify(line)}\n`).join('')
  t.match(await imported(ann, fileOf(lines), asJsonLines), {
    rows_imported: 4,
    ignored_columns: []
  })
  t.strictSame(await dueOf(ann), {
    Agrees: day('2026-12-31'),
    End: day('2026-12-31'),
    Moment: moment('2026-12-31T23:59:59.999Z'),
    Never: [null, false]
  })
  const bob = await signUp()
  const odd = [{ title: 'Odd', due_date: '2026-12-31T14:00:00Z', all_day: true }]
  t.match(await imported(bob, fileOf(odd), asJsonLines), {
    rows_imported: 1,
    ignored_columns: ['all_day']
  })
  t.strictSame(await dueOf(bob), { Odd: moment('2026-12-31T14:00:00.000Z') })
})

import { sql } from 'drizzle-orm'
import t from 'tap'
import { v7 as uuidv7 } from 'uuid'
import { executeRows } from '../../../src/db/rows.ts'
import {
  accepted,
  ended,
  errorsOf,
  everyPage,
  imported,
  tasksOf,
  upload,
  worker
} from '../../support/imports.ts'
import { createTestApp, type Person } from '../../support/test-app.ts'

const { signUp, events, db, config } = await createTestApp(t)
worker(t, { db, config })
const elsewhere = await createTestApp(t)
worker(t, elsewhere)

const exportOf = async (who: Person, query = '') =>
  (await who.get(`/api/v1/task-exports/csv${query}`)).body
const withoutVersion = (task: Record<string, unknown>) => {
  const { version, updated_at, owner_id, created_by, ...rest } = task
  return rest
}
const fileOf = (rows: string[], header = 'id,title,status,created_at,completed_at') =>
  `${[header, ...rows].join('\n')}\n`

/** An account with three tasks, of which one is done and one has everything. */
async function household(): Promise<Person> {
  const ann = await signUp()
  await ann.create({ title: 'Plain' })
  const done = await ann.create({ title: 'Done', tags: ['a', 'b'] })
  await ann.patch(done, { status: 'done' })
  await ann.create({
    title: 'Full',
    description: '',
    due_date: '2026-02-01T17:00:00Z',
    priority: 'high'
  })
  return ann
}

t.test('importing an own export again adds nothing and changes nothing', async (t) => {
  const ann = await household()
  const [file, before, count] = [await exportOf(ann), await tasksOf(ann), await events.count()]
  for (const query of ['', '?on_conflict=skip', '?on_conflict=update']) {
    const done = await imported(ann, file, { query })
    t.match(done, {
      source: 'tasklane',
      rows_imported: 0,
      rows_created: 0,
      rows_updated: 0,
      rows_skipped: 3,
      rows_rejected: 0
    })
  }
  t.strictSame(await tasksOf(ann), before)
  t.equal(await events.count(), count)
})

t.test('a move to another installation keeps ids, times and everything else', async (t) => {
  const ann = await household()
  const file = await exportOf(ann)
  const away = await elsewhere.signUp()
  for (const rows_created of [3, 0]) {
    t.match(await imported(away, file), { rows_created, rows_rejected: 0 })
  }
  t.strictSame((await tasksOf(away)).map(withoutVersion), (await tasksOf(ann)).map(withoutVersion))
})

t.test(
  'what has changed in the file is changed, with its history, where that is asked for',
  async (t) => {
    const ann = await household()
    const file = (await exportOf(ann))
      .replace(/^Plain,,todo/m, 'Plain,now described,done')
      .replace(/^Full,"",/m, 'Full,,')
      .replace('2026-02-01T17:00:00.000Z', '')
      .replace('a|b', '')
    const dryRun = await imported(ann, file, { query: '?on_conflict=update&dry_run=true' })
    t.match(dryRun, { rows_updated: 3, rows_created: 0 })
    t.match(await tasksOf(ann), [{ title: 'Plain', version: 1 }, {}, {}])
    const done = await imported(ann, file, { query: '?on_conflict=update' })
    t.match(done, { rows_imported: 3, rows_updated: 3, rows_created: 0, rows_skipped: 0 })
    const [plain, second, full] = await tasksOf(ann)
    t.match(plain, { description: 'now described', status: 'done', version: 2 })
    t.ok(plain?.completed_at)
    t.match(second, { title: 'Done', status: 'done', tags: [] })
    t.match(full, { description: null, due_date: null, priority: 'high' })
    t.strictSame(await events.of(plain as { id: string }), ['task.created', 'task.updated'])
    t.match(await imported(ann, file, { query: '?on_conflict=update' }), { rows_skipped: 3 })
  }
)

t.test('a field that the file does not have stays as it is', async (t) => {
  const ann = await household()
  const [, second] = await tasksOf(ann)
  const file = fileOf([`${second?.id},Renamed`], 'id,title')
  t.match(await imported(ann, file, { query: '?on_conflict=update' }), { rows_updated: 1 })
  t.match((await tasksOf(ann))[1], { title: 'Renamed', tags: ['a', 'b'], status: 'done' })
})

t.test('rows of tasks that exist are rejected where that is asked for', async (t) => {
  const ann = await household()
  const file = `${await exportOf(ann)}New,,todo,,,,${uuidv7()},,,,,,,\r\n`
  const done = await imported(ann, file, { query: '?on_conflict=error' })
  t.match(done, { rows_created: 1, rows_rejected: 3 })
  const [first] = await tasksOf(ann)
  t.match(await errorsOf(ann, done), [
    { row: 1, column: 'id', code: 'id_taken', value: first?.id },
    { row: 2, code: 'id_taken' },
    { row: 3, code: 'id_taken' }
  ])
  t.match((await upload(ann, file, { query: '?on_conflict=replace' })).json(), {
    status: 400,
    errors: [{ in: 'query', pointer: '/on_conflict' }]
  })
})

t.test("an id of somebody else's task is neither told, nor touched, nor doubled", async (t) => {
  const [ann, bob] = [await household(), await signUp()]
  const before = await tasksOf(ann)
  const taken = before[0]?.id
  const report = async (id: string | undefined, title: string, query: string) => {
    const done = await imported(bob, fileOf([`${id},${title},todo,,`]), { query })
    const { id: _, created_at, started_at, finished_at, file_name, ...rest } = done
    return rest
  }
  for (const query of ['', '?on_conflict=update', '?on_conflict=error']) {
    const free = uuidv7()
    t.strictSame(
      await report(taken, 'Mine', query),
      await report(query === '' ? free : await freshOf(bob, free), 'Free', query)
    )
  }
  t.strictSame(await tasksOf(ann), before)
  const own = await tasksOf(bob)
  t.ok(own.every(({ id }) => id !== taken))
  t.equal(own.filter(({ title }) => title === 'Mine').length, 1)
})
/** Makes a task with an id by an import, so that the next one finds it. */
async function freshOf(who: Person, id: string): Promise<string> {
  await imported(who, fileOf([`${id},Free,todo,,`]))
  return id
}

t.test('rows with the same id are one task', async (t) => {
  const id = uuidv7()
  const rows = [`${id},First,todo,,`, `${id},Second,todo,,`]
  for (const [query, titles] of [
    ['', ['First']],
    ['?on_conflict=update', ['Second']],
    ['?on_conflict=error', ['First']]
  ] as const) {
    const ann = await signUp()
    await imported(
      ann,
      fileOf(
        rows.map((row) =>
          row.replace(id, `${id.slice(0, -4)}${query.length.toString().padStart(4, '0')}`)
        )
      ),
      { query }
    )
    t.strictSame(
      (await tasksOf(ann)).map(({ title }) => title),
      titles
    )
  }
})

t.test('parallel imports and creations of the same ids make each task once', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const ids = Array.from({ length: 300 }, () => uuidv7())
  const file = fileOf(ids.map((id, i) => `${id},Task ${i},todo,,`))
  const both = await Promise.all([
    accepted(ann, file),
    accepted(bob, file),
    accepted(ann, file),
    ...ids.slice(0, 20).map((id) => ann.post('/api/v1/tasks', { id, title: 'Direct' }))
  ])
  for (const [who, i] of [
    [ann, 0],
    [bob, 1],
    [ann, 2]
  ] as const) {
    t.equal((await ended(who, both[i] as { id: string })).rows_rejected, 0)
  }
  for (const who of [ann, bob]) {
    const { length } = await everyPage(who, '/api/v1/tasks')
    t.ok(length === 300 || (who === ann && length <= 320 && length >= 300), `${length} tasks`)
  }
  const [found] = await executeRows<{ doubled: number }>(
    db,
    sql`SELECT count(*)::int AS doubled FROM (SELECT 1 FROM tasks GROUP BY id HAVING count(*) > 1) d`
  )
  t.equal(found?.doubled, 0)
})

t.test('a task in the trash stays there, and one that is purged comes back', async (t) => {
  const ann = await household()
  const file = await exportOf(ann)
  const [plain] = await tasksOf(ann)
  await ann.remove(plain as { id: string })
  for (const query of ['', '?on_conflict=update']) {
    t.match(await imported(ann, file, { query }), { rows_skipped: 3, rows_imported: 0 })
  }
  t.equal((await tasksOf(ann)).length, 2)
  const trash = await exportOf(ann, '?deleted=include')
  const away = await elsewhere.signUp()
  t.match(await imported(away, trash), {
    rows_created: 2,
    rows_skipped: 1,
    warnings: [{ code: 'rows_not_tasks' }]
  })
})

t.test('times of creation and completion are kept, and none is in the future', async (t) => {
  const ann = await signUp()
  const soon = new Date(Date.now() + 86_400_000).toISOString()
  const done = await imported(
    ann,
    fileOf(
      [
        'Old,done,2020-01-02,2021-03-04T05:06:07+01:00',
        'Open,todo,2020-01-02T03:04:05.678Z,2021-01-01',
        `Early,todo,${soon},`,
        `Late,done,,${soon}`,
        'Bad,todo,yesterday,',
        'Finished,,,2022-02-02'
      ],
      'title,status,created_at,completed_at'
    )
  )
  t.match(done, { rows_imported: 3, rows_rejected: 3 })
  t.strictSame(
    (await errorsOf(ann, done)).map(({ row, column, code }) => [row, column, code]),
    [
      [3, 'created_at', 'in_future'],
      [4, 'completed_at', 'in_future'],
      [5, 'created_at', 'malformed']
    ]
  )
  const byTitle = new Map((await tasksOf(ann)).map((task) => [task.title, task]))
  t.match(byTitle.get('Old'), {
    created_at: '2020-01-02T00:00:00.000Z',
    completed_at: '2021-03-04T04:06:07.000Z'
  })
  t.match(byTitle.get('Open'), { created_at: '2020-01-02T03:04:05.678Z', completed_at: null })
  t.match(byTitle.get('Finished'), { status: 'done', completed_at: '2022-02-02T00:00:00.000Z' })
})

t.test('ids are judged row by row, and those of other programs are ignored', async (t) => {
  const ann = await signUp()
  t.match(await imported(ann, 'id,title\n17,a\n18,b\n'), {
    rows_imported: 2,
    ignored_columns: ['id'],
    warnings: []
  })
  const id = uuidv7()
  const early = Array.from({ length: 500 }, (_, i) => `,early ${i}\n`).join('')
  const done = await imported(ann, `id,title\n${early}${id},late\n18,foreign\n`)
  t.match(done, {
    rows_imported: 502,
    ignored_columns: [],
    warnings: [{ code: 'ids_not_kept', detail: /“18”/ }]
  })
  t.match((await ann.get(`/api/v1/tasks/${id}`)).json(), { title: 'late' })
  const again = await imported(ann, `id,title\n${id},late\n`)
  t.match(again, { rows_imported: 0, rows_skipped: 1, warnings: [] })
})

t.test('what is said to be an id of ours, and is none, rejects the row', async (t) => {
  const ann = await signUp()
  const mapping = encodeURIComponent('{"id":"id"}')
  for (const [file, query] of [
    [`id,title\n${uuidv7()},c\n18,d\n,e\n`, `?mapping=${mapping}`],
    [`${(await exportOf(ann)).trimEnd()}\n${exportedRow(uuidv7())}${exportedRow('18')}`, '']
  ] as const) {
    const done = await imported(ann, file, { query })
    t.match(done, { rows_rejected: 1 })
    t.match(await errorsOf(ann, done), [{ row: 2, column: 'id', code: 'malformed', value: '18' }])
  }
})
const exportedRow = (id: string): string => `New,,todo,,,,${id},,,,,,,\r\n`

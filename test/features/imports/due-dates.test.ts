import { sql } from 'drizzle-orm'
import t from 'tap'
import { inCluster } from '../../support/citus.ts'
import {
  accepted,
  ended,
  errorsOf,
  imported,
  tasksOf,
  upload,
  worker
} from '../../support/imports.ts'
import { createTestApp, type Person } from '../../support/test-app.ts'

const { signUp, events, db, config } = await createTestApp(t)
worker(t, { db, config })

const fileOf = (...dates: string[]) =>
  ['title,due_date', ...dates.map((date) => `"${date}","${date}"`)].join('\n')

const importedIn = async (who: Person, time_zone: string, ...dates: string[]) =>
  ended(who, await accepted(who, fileOf(...dates), { query: `?time_zone=${time_zone}` }))

const dueDates = async (who: Person) =>
  Object.fromEntries(
    (await tasksOf(who)).map(({ title, due_date, all_day }) => [title, [due_date, all_day]])
  )

t.test('a date makes an all-day task, whatever the time zone of the file', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  await imported(ann, fileOf('2026-12-31'))
  await importedIn(bob, 'Asia/Tokyo', '2026-12-31')
  for (const who of [ann, bob]) {
    t.strictSame(await dueDates(who), { '2026-12-31': ['2026-12-31T23:59:59.999Z', true] })
  }
})

t.test('a time without zone is meant in time_zone', async (t) => {
  const ann = await signUp()
  const wanted = {
    '2026-12-31 14:00': '2026-12-31T13:00:00.000Z',
    '2026-12-31T14:00': '2026-12-31T13:00:00.000Z',
    '2026-12-31t14:00:30': '2026-12-31T13:00:30.000Z',
    '2026-07-01 00:00:00.125': '2026-06-30T22:00:00.125Z',
    '2026-03-29 02:30': '2026-03-29T01:30:00.000Z',
    '2026-10-25 02:30': '2026-10-25T00:30:00.000Z',
    '2026-12-31T14:00Z': '2026-12-31T14:00:00.000Z',
    '2026-12-31T14:00:00+09:00': '2026-12-31T05:00:00.000Z'
  }
  const done = await importedIn(ann, 'Europe/Berlin', ...Object.keys(wanted))
  t.match(done, { rows_imported: 8, rows_rejected: 0 })
  t.strictSame(
    await dueDates(ann),
    Object.fromEntries(Object.entries(wanted).map(([text, due]) => [text, [due, false]]))
  )
})

t.test(
  'what is no date rejects its row, and a time without zone names the parameter',
  async (t) => {
    const ann = await signUp()
    const done = await imported(
      ann,
      fileOf('2026-12-31 14:00', '2026-12-31T14:00:00', '2026-01-01')
    )
    t.match(done, { rows_imported: 1, rows_rejected: 2 })
    for (const error of await errorsOf(ann, done)) {
      t.match(error, { column: 'due_date', code: 'malformed', message: /time_zone/ })
    }
    const invalid = ['2026-02-30', '2026-02-30 14:00', '2026-12-31 24:00', '31.13.2026', '14:00']
    const before = await events.count()
    const other = await importedIn(ann, 'Europe/Berlin', ...invalid)
    t.match(other, { rows_imported: 0, rows_rejected: invalid.length })
    t.strictSame(
      (await errorsOf(ann, other)).map(({ value }) => value),
      invalid
    )
    t.equal(await events.count(), before)
  }
)

t.test('an unknown time zone is a 400 before the file is read', async (t) => {
  const ann = await signUp()
  const response = await upload(ann, fileOf('2026-12-31'), { query: '?time_zone=Europe/Berlni' })
  t.equal(response.statusCode, 400)
  t.match(response.json().errors, [
    { in: 'query', pointer: '/time_zone', detail: /did you mean Europe\/Berlin\?/ }
  ])
  t.strictSame((await ann.get('/api/v1/task-imports')).json().data, [])
})

const skip = await inCluster('no triggers')
t.test(
  'rows that were staged before there were all-day tasks are imported',
  { skip },
  async (t) => {
    const ann = await signUp()
    await db.execute(sql`
    CREATE FUNCTION forget_all_day() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      NEW.tasks := (SELECT jsonb_agg(task - 'all_day') FROM jsonb_array_elements(NEW.tasks) AS task);
      RETURN NEW;
    END $$`)
    await db.execute(sql`
    CREATE TRIGGER forget_all_day BEFORE INSERT ON task_import_blocks
    FOR EACH ROW EXECUTE FUNCTION forget_all_day()`)
    const done = await imported(ann, fileOf('2026-12-31T14:00:00Z'))
    t.match(done, { status: 'succeeded', rows_imported: 1 })
    t.match(await tasksOf(ann), [{ due_date: '2026-12-31T14:00:00.000Z', all_day: false }])
  }
)

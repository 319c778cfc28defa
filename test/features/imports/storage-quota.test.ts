import { pino } from 'pino'
import t from 'tap'
import { v7 as uuidv7 } from 'uuid'
import { importJob } from '../../../src/features/imports/job.ts'
import {
  accepted,
  asQuery,
  errorsOf,
  imported,
  read,
  rows,
  rowsWithIds,
  worker
} from '../../support/imports.ts'
import { projectWith } from '../../support/projects.ts'
import { fill, longText, measure } from '../../support/storage.ts'
import { createTestApp, type Person } from '../../support/test-app.ts'

const env = { MAX_STORAGE_MB_PER_USER: '1' }
const total = async (who: Person) => (await who.get('/api/v1/task-stats')).json().total
const REFUSED = { column: null, code: 'quota_exceeded', message: /may store 1 MB/, value: null }

t.test('the blocks after the quota is used up are rejected row by row', async (t) => {
  const app = await createTestApp(t, { env })
  const { db, config, signUp } = app
  const runOneBlock = () =>
    importJob({ db, config, log: pino({ level: 'silent' }) }).runOnce(() => true)
  const ann = await signUp()
  const long = longText().slice(0, 3000)
  const file = `title,description\n${`Task,${long}\n`.repeat(1000)}`
  const created = await accepted(ann, file)
  let first = created
  while (first.rows_imported < 400) {
    await runOneBlock()
    first = await read(ann, created)
  }
  t.match(first, { status: 'running', rows_rejected: 0 })
  await measure(app)
  while (await runOneBlock()) {}
  const done = await read(ann, created)
  t.match(done, {
    status: 'succeeded',
    rows_total: 1000,
    rows_imported: first.rows_imported,
    rows_rejected: 1000 - first.rows_imported,
    errors_total: 1000 - first.rows_imported
  })
  t.equal(await total(ann), first.rows_imported)
  t.match((await errorsOf(ann, done))[0], { row: first.rows_imported + 1, ...REFUSED })
})

t.test('an import into an account that stores too much adds and changes nothing', async (t) => {
  const app = await createTestApp(t, { env })
  worker(t, app)
  const [ann, bob] = [await app.signUp(), await app.signUp()]
  const file = rowsWithIds(10)
  await imported(ann, file)
  await fill(ann, 110)
  await measure(app)
  const before = await app.events.count()
  const changed = file.replaceAll('Task', 'Changed')
  for (const [given, query] of [
    [rows(10), ''],
    [rows(10), '?dry_run=true'],
    [rowsWithIds(10), ''],
    [changed, '?on_conflict=update'],
    [changed, '?on_conflict=update&dry_run=true']
  ] as const) {
    const done = await imported(ann, given, { query })
    t.match(done, { status: 'succeeded', rows_imported: 0, rows_rejected: 10 })
    t.match(await errorsOf(ann, done), Array(10).fill(REFUSED))
  }
  const skipped = await imported(ann, changed, { query: '?on_conflict=skip' })
  t.match(skipped, { rows_skipped: 10, rows_rejected: 0 })
  t.equal(await app.events.count(), before)
  t.match(await imported(bob, rows(10)), { rows_imported: 10 })
})

t.test(
  'rows into a project whose owner stores too much are rejected, others are not',
  async (t) => {
    const app = await createTestApp(t, { env: { ...env, DIRECTORY: 'all' } })
    worker(t, app)
    const [ann, bob] = [await app.signUp(), await app.signUp()]
    const project = await projectWith(ann, { editor: bob })
    const [task] = await fill(ann, 110, { project_id: project.id })
    await measure(app)
    const into = await imported(bob, rows(3), { query: `?project_id=${project.id}` })
    t.match(into, { status: 'succeeded', rows_imported: 0, rows_rejected: 3 })
    t.match(await errorsOf(bob, into), Array(3).fill(REFUSED))
    const id = uuidv7()
    const file = `id,title,project_id\n${task.id},Changed,\n${id},Own,\n,New,${project.id}\n`
    const mixed = await imported(bob, file, {
      query: `${asQuery({ project_id: 'project_id' })}&on_conflict=update`
    })
    t.match(mixed, { status: 'succeeded', rows_imported: 1, rows_rejected: 2 })
    t.strictSame(
      (await errorsOf(bob, mixed)).map(({ row, code }) => [row, code]),
      [
        [1, 'quota_exceeded'],
        [3, 'quota_exceeded']
      ]
    )
    t.match((await bob.read({ id })).json(), { title: 'Own' })
    t.match((await ann.read(task)).json(), { title: 'Long', version: 1 })
  }
)

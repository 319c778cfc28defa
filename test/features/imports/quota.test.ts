import t from 'tap'
import { accepted, ended, errorsOf, imported, rows, sample, worker } from '../../support/imports.ts'
import { createTestApp, type Person } from '../../support/test-app.ts'

const { signUp, db, config } = await createTestApp(t, { env: { MAX_TASKS_PER_USER: '1000' } })
worker(t, { db, config })
const total = async (who: Person) => (await who.get('/api/v1/task-stats')).json().total

t.test('rows beyond the quota are rejected by number, those before it are imported', async (t) => {
  const ann = await signUp()
  const dryRun = await imported(ann, sample('quota_1001'), { query: '?dry_run=true' })
  const done = await imported(ann, sample('quota_1001'))
  for (const { status, rows_total, rows_imported, rows_rejected } of [dryRun, done]) {
    t.strictSame([status, rows_total, rows_imported, rows_rejected], ['succeeded', 1001, 1000, 1])
  }
  t.match(await errorsOf(ann, done), [
    { row: 1001, column: null, code: 'quota_exceeded', message: /1000 tasks/, value: null }
  ])
  t.strictSame(await errorsOf(ann, dryRun), await errorsOf(ann, done))
  t.equal(await total(ann), 1000)
  t.match(await imported(ann, 'title\none\n,\nbad,x\n'), { rows_imported: 0, rows_rejected: 2 })
})

t.test(
  'tasks created during an import, and the import itself, do not exceed the quota',
  async (t) => {
    const ann = await signUp()
    const created = await accepted(ann, rows(1100))
    const responses = await Promise.all(
      Array.from({ length: 40 }, (_, i) => ann.post('/api/v1/tasks', { title: `By hand ${i}` }))
    )
    const done = await ended(ann, created)
    const byHand = responses.filter(({ statusCode }) => statusCode === 201).length
    t.equal(done.rows_imported + byHand, 1000)
    t.equal(done.rows_imported + done.rows_rejected, 1100)
    t.equal(await total(ann), 1000)
  }
)

import { sql } from 'drizzle-orm'
import t from 'tap'
import { executeRows } from '../../../src/db/rows.ts'
import { accepted, ended, everyPage, IMPORTS, imported, worker } from '../../support/imports.ts'
import { createTestApp } from '../../support/test-app.ts'

const STORED = 1000

t.test('of many errors the first thousand are stored, and all are counted', async (t) => {
  const { db, config, signUp } = await createTestApp(t)
  const ann = await signUp()
  const rows = Array.from({ length: 2000 }, (_, i) => (i === 1 ? 'Good,todo,,' : ',x,x,x'))
  const file = `title,status,priority,due_date\n${rows.join('\n')}\n`
  for (const query of ['', '?dry_run=true']) {
    const queued = await accepted(ann, file, { query })
    const [waiting] = await executeRows<{ bytes: number }>(
      db,
      sql`
        SELECT sum(pg_column_size(b.*))::int AS bytes
        FROM task_import_blocks b
        WHERE import_id = ${queued.id}`
    )
    t.ok(Number(waiting?.bytes) < 10 * file.length, `${waiting?.bytes} bytes wait`)
    const { stop } = worker(t, { db, config })
    const done = await ended(ann, queued)
    await stop()
    t.match(done, { rows_imported: 1, rows_rejected: 1999, errors_total: 4 * 1999 })
    const stored = await everyPage(ann, `${IMPORTS}/${queued.id}/errors`)
    t.equal(stored.length, STORED)
    t.strictSame(
      [...new Set(stored.map(({ row }) => row))],
      [1, ...Array.from({ length: 249 }, (_, i) => i + 3)]
    )
    const page = await ann.get(`${IMPORTS}/${queued.id}/errors`)
    t.equal(page.json().errors_total, 4 * 1999, 'the list says that there are more')
  }
})

t.test(
  'tasks beyond the quota are counted as well, and stored up to the same number',
  async (t) => {
    const { db, config, signUp } = await createTestApp(t, { env: { MAX_TASKS_PER_USER: '3' } })
    worker(t, { db, config })
    const ann = await signUp()
    const rows = Array.from({ length: 1500 }, (_, i) => (i % 2 === 0 ? `Task ${i},todo` : 'Bad,x'))
    const done = await imported(ann, `title,status\n${rows.join('\n')}\n`)
    t.match(done, { rows_imported: 3, rows_rejected: 1497, errors_total: 1497 })
    const stored = await everyPage(ann, `${IMPORTS}/${done.id}/errors`)
    t.strictSame(stored.map(({ row, code }) => [row, code]).slice(0, 4), [
      [2, 'unknown_value'],
      [4, 'unknown_value'],
      [6, 'unknown_value'],
      [7, 'quota_exceeded']
    ])
    t.equal(stored.length, STORED)
  }
)

import t from 'tap'
import { imported, tasksOf, worker } from '../../support/imports.ts'
import { createTestApp } from '../../support/test-app.ts'

const { signUp, db, config } = await createTestApp(t)
worker(t, { db, config })

const ODD = [
  '=1+1',
  "'=1+1",
  "''=1",
  "'",
  '-',
  '+49 30',
  '@home',
  'a,b',
  'a"b',
  '"quoted"',
  "it's",
  '＝full width',
  'x'.repeat(200),
  '日本語 🎉',
  'None',
  'null',
  'NULL',
  ';',
  '#',
  '1e5',
  'title'
]
const DESCRIPTIONS = [
  null,
  '',
  ' ',
  'line one\nline two',
  'line one\r\nline two\rline three',
  '\t=tab',
  "\n'=",
  ' padded ',
  'ü'.repeat(10_000),
  '"',
  ',',
  '\u2028',
  '\ufeff'
]

t.test(
  'tasks that one user exports and another imports are the same, whatever their text',
  async (t) => {
    const [ann, bob] = [await signUp(), await signUp()]
    const texts = ODD.map((title, i) => ({
      title,
      description: DESCRIPTIONS[i % DESCRIPTIONS.length] ?? null
    }))
    const more = DESCRIPTIONS.map((description, i) => ({
      title: `Task ${i}`,
      description,
      status: (['todo', 'in_progress', 'done'] as const)[i % 3] ?? 'todo',
      priority: (['low', 'medium', 'high'] as const)[i % 3] ?? 'low',
      due_date:
        [null, `2026-0${1 + (i % 9)}-01T10:00:00.${100 + i}Z`, `2026-0${1 + (i % 9)}-01`][i % 3] ??
        null,
      tags: [[], ['=a', "'b"], ['x y', '-z', 'ü'], ['@']][i % 4] ?? []
    }))
    for (const task of [...texts, ...more]) {
      await ann.create(task)
    }
    const file = await ann.get('/api/v1/task-exports/csv')
    t.equal(file.statusCode, 200)
    const done = await imported(bob, file.rawPayload)
    t.match(done, {
      status: 'succeeded',
      rows_rejected: 0,
      rows_imported: ODD.length + DESCRIPTIONS.length
    })
    const fieldsOf = async (who: typeof ann) =>
      (await tasksOf(who)).map(
        ({ title, description, status, priority, due_date, tags, completed }) => ({
          title,
          description,
          status,
          priority,
          due_date,
          tags,
          completed
        })
      )
    t.strictSame(await fieldsOf(bob), await fieldsOf(ann))
    t.ok(done.ignored_columns.includes('owner_id'), 'columns that cannot be imported are listed')
  }
)

t.test('the export of an account without tasks imports nothing', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  t.match(await imported(bob, (await ann.get('/api/v1/task-exports/csv')).rawPayload), {
    status: 'succeeded',
    rows_total: 0
  })
})

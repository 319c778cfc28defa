import t from 'tap'
import { v7 as uuidv7 } from 'uuid'
import {
  asQuery,
  errorsOf,
  imported,
  preview,
  tasksOf,
  upload,
  worker
} from '../../support/imports.ts'
import { createTestApp } from '../../support/test-app.ts'

const { signUp, db, config } = await createTestApp(t)
worker(t, { db, config })
const asJsonLines = { name: 'tasks.jsonl', type: 'application/x-ndjson' }
const linesOf = (...tasks: object[]) => tasks.map((task) => `${JSON.stringify(task)}\n`).join('')

/** Imports lines into an account of its own; returns the import and its tasks. */
async function importLines(lines: object[], mapping?: Record<string, string | null>) {
  const ann = await signUp()
  const query = mapping ? asQuery(mapping) : ''
  const done = await imported(ann, linesOf(...lines), { ...asJsonLines, query })
  return { ann, done, tasks: await tasksOf(ann) }
}

t.test('an empty value under one name does not replace a value under another', async (t) => {
  const day = '2026-01-02'
  const { done, tasks } = await importLines([
    { title: 'a', due_date: day, deadline: null },
    { title: 'b', deadline: day, due_date: null },
    { title: 'c', tags: ['x'], labels: [] },
    { title: 'd', description: 'd', notes: '' }
  ])
  t.match(tasks, [
    { title: 'a', due_date: /^2026-01-02/ },
    { title: 'b', due_date: /^2026-01-02/ },
    { title: 'c', tags: ['x'] },
    { title: 'd', description: 'd' }
  ])
  t.match(done, { ignored_columns: [], warnings: [] })
})

t.test(
  'of two values for a field one counts, whatever their order, and the other is told',
  async (t) => {
    for (const task of [
      { title: 'a', description: 'ours', notes: 'theirs' },
      { notes: 'theirs', description: 'ours', title: 'a' }
    ]) {
      const { done, tasks } = await importLines([task])
      t.match(tasks, [{ description: 'ours' }])
      t.strictSame(done.ignored_columns, ['notes'])
      t.match(done.warnings, [{ code: 'column_not_used', detail: /“notes”.*“description”/ }])
    }
  }
)

t.test('what the sender says of names goes before what names say', async (t) => {
  for (const task of [
    { name: 'mapped', title: 'unmapped' },
    { title: 'unmapped', name: 'mapped' }
  ]) {
    const { done, tasks } = await importLines([task], { name: 'title' })
    t.match(tasks, [{ title: 'mapped' }])
    t.strictSame(done.ignored_columns, ['title'])
  }
  const both = await importLines([{ title: 'a', x: ['1', '2'], y: '3', tags: ['4'] }], {
    x: 'tags',
    y: 'tags'
  })
  t.strictSame(both.tasks[0]?.tags, ['1', '2', '3'])
})

t.test('a name that no line has is rejected, as one that no header has', async (t) => {
  const ann = await signUp()
  const file = linesOf({ title: 'a' }, { title: 'b', nmae: 'x' })
  const answer = await upload(ann, file, { ...asJsonLines, query: asQuery({ name: 'tags' }) })
  t.match(answer.json(), {
    status: 400,
    errors: [
      {
        pointer: '/mapping/name',
        code: 'unknown_column',
        detail: /no column name; did you mean nmae\?/
      }
    ]
  })
  t.strictSame(await tasksOf(ann), [])
  t.strictSame((await ann.get('/api/v1/task-imports')).json().data, [])
})

t.test('tags that a request could not have are rejected, and none is altered', async (t) => {
  const { ann, done, tasks } = await importLines([
    { title: 'a', tags: ['a|b', 'c'] },
    { title: 'b', tags: ['x', null] },
    { title: 'c', tags: [{ name: 'x' }] },
    { title: 'd', tags: ['y z', 1, ' padded '] },
    { title: 'e', tags: 'x|y' }
  ])
  t.match(done, { rows_imported: 2, rows_rejected: 3 })
  t.match(await errorsOf(ann, done), [
    { row: 1, column: 'tags', value: '["a|b","c"]' },
    { row: 2, column: 'tags', value: '["x",null]' },
    { row: 3, column: 'tags' }
  ])
  t.strictSame(
    tasks.map(({ tags }) => tags),
    [
      ['y z', '1', 'padded'],
      ['x', 'y']
    ]
  )
})

t.test('a task with a type and data of its own is a task', async (t) => {
  const { done, tasks } = await importLines([
    { title: 'kept', type: 'bug', data: { a: 1 } },
    { title: 'also', type: 'task', data: {} }
  ])
  t.match(tasks, [{ title: 'kept' }, { title: 'also' }])
  t.match(done, { source: 'generic', rows_total: 2, ignored_columns: ['type', 'data'] })
})

t.test('a record of an export that is not known counts as skipped', async (t) => {
  const { done, tasks } = await importLines([
    { type: 'export', data: { form: 'tasklane_account', version: 1 } },
    { type: 'project', data: { name: 'a' } },
    { type: 'task', data: { title: 'a' } },
    { type: 'label', data: { title: 'no task' } },
    { type: 'task_event', data: {} }
  ])
  t.match(tasks, [{ title: 'a' }])
  t.match(done, { source: 'tasklane', rows_total: 2, rows_imported: 1, rows_skipped: 1 })
})

t.test('ids are judged line by line, and those of other programs are told', async (t) => {
  const id = uuidv7()
  const foreign = '0f8fad5b-d9cb-469f-a165-70867728950e'
  const some = await importLines([
    { title: 'a', id: foreign },
    { title: 'b', id }
  ])
  t.match(some.done, {
    rows_imported: 2,
    rows_rejected: 0,
    ignored_columns: [],
    warnings: [{ code: 'ids_not_kept', detail: new RegExp(foreign) }]
  })
  t.ok(some.tasks.some((task) => task.id === id && task.title === 'b'))
  const none = await importLines([{ title: 'a', id: foreign }])
  t.match(none.done, { rows_imported: 1, ignored_columns: ['id'], warnings: [] })
  const said = await importLines([{ title: 'a', x: 42 }], { x: 'id' })
  t.match(said.done, { rows_imported: 0, rows_rejected: 1 })
  const ann = await signUp()
  const shown = await preview(ann, linesOf({ title: 'a', x: id }), {
    ...asJsonLines,
    query: asQuery({ x: 'id' })
  })
  t.match(shown.tasks, [{ id }])
})

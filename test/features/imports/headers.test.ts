import t from 'tap'
import { asQuery, IMPORTS, preview } from '../../support/imports.ts'
import { createTestApp } from '../../support/test-app.ts'

const { signUp } = await createTestApp(t)
const ann = await signUp()

const look = (header: string, query = '') =>
  preview(ann, `${header}\nPaint,2026-05-01\n`, { query })

t.test('a field is known however its name is spelled', async (t) => {
  for (const header of [
    'TITLE,DUE DATE',
    'Title , due-date',
    'title,dueDate',
    'title,due.date',
    'Title:,Due date:',
    'Title*,Due*',
    'title,"Due\nDate"',
    'title,Due\u00a0Date',
    '\u200btitle\u200b,due\u00addate',
    'Subject,Due by',
    'Subject,Due on',
    'Subject,due_at'
  ]) {
    const shown = await look(header)
    t.match(shown.tasks, [{ title: 'Paint', due_date: '2026-05-01' }], header)
    t.strictSame([shown.ignored_columns, shown.warnings], [[], []], header)
  }
})

t.test('a column that is ignored although it is nearly a field is told', async (t) => {
  for (const [name, field] of [
    ['Due Dates', 'due_date'],
    ['due_dat', 'due_date'],
    ['Prioirty', 'priority'],
    ['Task status', 'status'],
    ['Note', 'description'],
    ['Completed', 'completed_at']
  ] as const) {
    const shown = await look(`title,${name}`)
    t.strictSame(shown.ignored_columns, [name])
    t.match(shown.warnings, [
      { code: 'column_not_known', detail: new RegExp(`“${name}”.*${field}`) }
    ])
  }
  for (const header of ['title,Owner', 'title,Start date', 'title,Estimate', 'title,']) {
    t.strictSame((await look(header)).warnings, [], header)
  }
  const mapped = asQuery({ 'Due Dates': null })
  t.strictSame((await look('title,Due Dates', mapped)).warnings, [])
})

t.test('a file is taken as the body by every type that programs give to CSV', async (t) => {
  for (const type of [
    'text/csv; charset=utf-8; header=present',
    'text/plain;charset=UTF-8',
    'application/octet-stream',
    'application/vnd.ms-excel',
    'text/comma-separated-values'
  ]) {
    const response = await ann.send({
      method: 'POST',
      url: `${IMPORTS}/preview`,
      payload: 'title\nx\n',
      headers: { 'content-type': type }
    })
    t.match(response.json(), { rows_valid: 1 }, type)
  }
  const workbook = Buffer.from('d0cf11e0a1b11ae1', 'hex')
  const response = await ann.send({
    method: 'POST',
    url: `${IMPORTS}/preview`,
    payload: workbook,
    headers: { 'content-type': 'application/vnd.ms-excel' }
  })
  t.match(response.json(), { errors: [{ code: 'wrong_type', detail: /old Excel/ }] })
  const named = { name: 'blob', type: 'application/vnd.ms-excel' }
  t.match(await preview(ann, 'title\nx\n', named), { rows_valid: 1 })
})

import t from 'tap'
import {
  asQuery,
  ended,
  foreign,
  form,
  IMPORTS,
  imported,
  type Part,
  PREVIEW,
  tasksOf,
  upload,
  worker
} from '../../support/imports.ts'
import { createTestApp, type Person } from '../../support/test-app.ts'

const { signUp, db, config } = await createTestApp(t)
worker(t, { db, config })

const FILE = 'Name,What,Who,When\nPaint,the door,ann,2026-05-01\n'
const MAPPING = { Name: 'title', what: 'description', Who: 'tags' }
const file = (content = FILE): Part => ({ content, name: 'a.csv', type: 'text/csv' })
const mapping = (value: unknown): Part => ({
  field: 'mapping',
  content: typeof value === 'string' ? value : JSON.stringify(value)
})
const send = (who: Person, parts: Part[], url = IMPORTS) =>
  who.send({ method: 'POST', url, ...form(...parts) })

t.test('columns are what the sender says, before or behind the file or in the query', async (t) => {
  const expected = [{ title: 'Paint', description: 'the door', tags: ['ann'], due_date: null }]
  for (const parts of [
    [mapping(MAPPING), file()],
    [file(), mapping(MAPPING)]
  ]) {
    const ann = await signUp()
    t.match(await ended(ann, (await send(ann, parts)).json()), { ignored_columns: ['When'] })
    t.match(await tasksOf(ann), expected)
  }
  const ann = await signUp()
  await imported(ann, FILE, { query: asQuery(MAPPING) })
  t.match(await tasksOf(ann), expected)
})

t.test('what the sender says goes before what names say', async (t) => {
  const ann = await signUp()
  const done = await imported(ann, foreign('generic-title-case-spaces'), {
    query: asQuery({ 'DUE-DATE': 'due_date', Labels: null, Notes: 'description' })
  })
  t.match(done, { rows_imported: 1, rows_rejected: 0, warnings: [{ code: 'column_not_used' }] })
  t.match(await tasksOf(ann), [{ title: 'Paint', description: 'n', tags: [] }])
})

t.test(
  'an unknown target, an unknown column and other mistakes are rejected by name',
  async (t) => {
    const ann = await signUp()
    const rejected: [mapping: unknown, pointer: string, code: string, words: RegExp][] = [
      [{ Name: 'titel' }, '/mapping/Name', 'unknown_value', /titel; did you mean title\?/],
      [{ Name: 'owner_id' }, '/mapping/Name', 'unknown_value', /owner_id/],
      [{ Name: 7 }, '/mapping/Name', 'unknown_value', /7/],
      [{ 'a/b~': 'title' }, '/mapping/a~1b~0', 'unknown_column', /a\/b~/],
      [{ Nam: 'title' }, '/mapping/Nam', 'unknown_column', /did you mean Name\?/],
      [{ Name: 'title', What: 'title' }, '/mapping/What', 'given_twice', /What/],
      ['[]', '/mapping', 'malformed', /JSON object/],
      ['{', '/mapping', 'malformed', /JSON object/],
      ['x'.repeat(5000), '/mapping', 'malformed', /4000/]
    ]
    for (const [value, pointer, code, words] of rejected) {
      for (const url of [IMPORTS, PREVIEW]) {
        t.match(
          (await send(ann, [file(), mapping(value)], url)).json(),
          { status: 400, errors: [{ in: 'body', pointer, code, detail: words }] },
          pointer
        )
      }
    }
    t.match((await upload(ann, FILE, { query: asQuery({ Name: 'x' }) })).json(), {
      errors: [{ in: 'query', pointer: '/mapping/Name' }]
    })
    t.match((await send(ann, [mapping(MAPPING), mapping(MAPPING), file()])).json(), {
      errors: [{ pointer: '/mapping', code: 'given_twice' }]
    })
    const long = `title,Name,What,Who\n${'x,y,z,\n'.repeat(20_000)}`
    t.match((await send(ann, [file(long), mapping(MAPPING)])).json(), {
      errors: [{ pointer: '/mapping', code: 'too_late' }]
    })
    t.equal((await send(ann, [mapping(MAPPING), file(long)])).statusCode, 202)
    t.equal((await ann.get(IMPORTS)).json().data.length, 1)
  }
)

import t from 'tap'
import {
  accepted,
  ended,
  errorsOf,
  foreign,
  IMPORTS,
  imported,
  preview,
  sample,
  tasksOf,
  upload,
  worker
} from '../../support/imports.ts'
import { createTestApp } from '../../support/test-app.ts'

const { app, signUp, db, config } = await createTestApp(t)
worker(t, { db, config })

const titlesOf = async (who: Parameters<typeof tasksOf>[0]) =>
  (await tasksOf(who)).map(({ title }) => title)
const codesOf = ({ warnings }: { warnings: { code: string }[] }) => warnings.map(({ code }) => code)

t.test('files are read as spreadsheets write them', async (t) => {
  const files: [file: Buffer | string, title: string, encoding: string, delimiter: string][] = [
    [foreign('excel-sep-line'), 'Paint', 'utf_8', ','],
    [foreign('excel-sep-semicolon'), 'Paint', 'utf_8', ';'],
    [foreign('excel-tab-utf16'), 'Paint', 'utf_16le', '\t'],
    [foreign('excel-utf8-de'), 'Müll', 'utf_8', ';'],
    [foreign('semicolons-and-quotes'), 'Roof', 'utf_8', ';'],
    [sample('bad_semicolon'), 'A', 'utf_8', ';'],
    ['"title"|"tags"\n"a, b"|"x"\n', 'a, b', 'utf_8', '|'],
    ['title;description\n"a,b";"c, d, e"\n', 'a,b', 'utf_8', ';'],
    [`"title";"notes"\n${`"a, b";"${'f, '.repeat(3000)}"\n`.repeat(9)}`, 'a, b', 'utf_8', ';'],
    [Buffer.from('title\tnotes\nMüll\tx\n', 'utf16le'), 'Müll', 'utf_16le', '\t'],
    [Buffer.from('\ufefftitle,notes\nMüll,x\n', 'utf16le').swap16(), 'Müll', 'utf_16be', ','],
    [Buffer.from('title,notes\nMüll,x\n', 'utf16le').swap16(), 'Müll', 'utf_16be', ',']
  ]
  for (const [file, title, encoding, delimiter] of files) {
    const ann = await signUp()
    t.match(await preview(ann, file), { encoding, delimiter, format: 'csv' }, title)
    const done = await imported(ann, file)
    t.match(done, { status: 'succeeded', rows_rejected: 0, warnings: [] }, title)
    t.equal((await titlesOf(ann))[0], title)
  }
})

t.test('a file that can only be Windows-1252 is read as such, and the guess is told', async (t) => {
  for (const file of [foreign('excel-cp1252'), sample('bad_latin1')]) {
    const ann = await signUp()
    const done = await imported(ann, file)
    t.strictSame(codesOf(done), ['encoding_assumed'])
    t.match((await titlesOf(ann))[0], /^Müll rausbringen$|^Café$/)
    t.match(await preview(ann, file), {
      encoding: 'windows_1252',
      warnings: [{ code: 'encoding_assumed' }]
    })
  }
  const late = Buffer.concat([
    Buffer.from(`title\n${'plain\n'.repeat(5000)}`),
    foreign('excel-cp1252').subarray(15)
  ])
  const ann = await signUp()
  t.equal((await imported(ann, late, { query: '?dry_run=true' })).warnings.length, 1)
})

t.test('an encoding that the sender names is the one, and nothing is guessed', async (t) => {
  const ann = await signUp()
  // "Привет" in Windows-1251.
  const file = Buffer.concat([Buffer.from('title\n'), Buffer.from('cff0e8e2e5f2', 'hex')])
  const done = await imported(ann, file, { query: '?encoding=windows_1251' })
  t.strictSame([done.warnings, await titlesOf(ann)], [[], ['Привет']])
  t.match((await upload(ann, file, { query: '?encoding=utf_8' })).json(), {
    status: 400,
    errors: [{ pointer: '/file', code: 'wrong_encoding' }]
  })
  t.match((await upload(ann, file, { query: '?encoding=utf8' })).json(), {
    status: 400,
    errors: [{ in: 'query', pointer: '/encoding' }]
  })
})

t.test(
  'a file of one column, or with its delimiter in quotes, is not split elsewhere',
  async (t) => {
    const ann = await signUp()
    await imported(ann, foreign('one-column'))
    t.strictSame((await titlesOf(ann)).sort(), ['Oil', 'Paint', 'Ring, twice'])
    const bob = await signUp()
    t.match(await imported(bob, 'title\na;b;c\nx|y z\n'), { rows_imported: 2 })
    t.strictSame((await titlesOf(bob)).sort(), ['a;b;c', 'x|y z'])
  }
)

t.test('a file may be the body of the request, with a name in its header or none', async (t) => {
  const send = (who: Awaited<ReturnType<typeof signUp>>, headers: object, payload: string) =>
    who.send({ method: 'POST', url: IMPORTS, headers: { ...headers }, payload })
  const named: [headers: Record<string, string>, name: string][] = [
    [{ 'content-type': 'text/csv' }, 'tasks.csv'],
    [
      {
        'content-type': 'text/csv; charset=utf-8',
        'content-disposition': 'attachment; filename="a b.csv"'
      },
      'a b.csv'
    ],
    [
      {
        'content-type': 'application/csv',
        'content-disposition': "attachment; filename*=UTF-8''M%C3%BCll.csv"
      },
      'Müll.csv'
    ]
  ]
  for (const [headers, file_name] of named) {
    const ann = await signUp()
    const response = await send(ann, headers, 'title;status\nx;done\n')
    t.match(response.json(), { status: 'queued', file_name, rows_total: 1 })
    t.equal((await ended(ann, response.json())).rows_imported, 1)
  }
  const ann = await signUp()
  for (const payload of ['', 'name\nx\n', '%PDF-1.7\n']) {
    t.match((await send(ann, { 'content-type': 'text/csv' }, payload)).json(), {
      status: 400,
      errors: [{ in: 'body', pointer: '/file' }]
    })
  }
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const response = await fetch(url + IMPORTS, {
    method: 'POST',
    headers: { 'content-type': 'text/csv', authorization: `Bearer ${ann.access_token}` },
    body: `name\n${'x,y\n'.repeat(1_000_000)}`
  })
  t.match(await response.json(), { status: 400 }, 'the sender of a large file receives the reason')
  t.match((await send(ann, { 'content-type': 'image/png' }, 'title\nx\n')).json(), { status: 415 })
})

t.test('JSON lines are read by the names that columns have', async (t) => {
  const ann = await signUp()
  const lines = [
    '{"title": "=a", "tags": ["x", "y"], "dueDate": "2026-01-31", "colour": "red"}',
    '',
    '{"subject": "b", "status": "Completed", "priority": null, "description": ""}',
    '{"title": 7, "status": "nope"}'
  ]
  for (const [name, type] of [
    ['tasks.jsonl', 'application/octet-stream'],
    ['blob', 'application/x-ndjson']
  ] as const) {
    const done = await ended(ann, await accepted(ann, lines.join('\n'), { name, type }))
    t.match(done, {
      rows_total: 3,
      rows_imported: 2,
      rows_rejected: 1,
      ignored_columns: ['colour']
    })
    t.match(await errorsOf(ann, done), [{ row: 3, column: 'status', code: 'unknown_value' }])
  }
  const [a, b] = await tasksOf(ann)
  t.match(a, { title: '=a', tags: ['x', 'y'], due_date: '2026-01-31T23:59:59.999Z' })
  t.match(b, { title: 'b', status: 'done', priority: 'medium', description: '' })
})

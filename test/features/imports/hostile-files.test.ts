import t from 'tap'
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

t.test('a cell of blanks without end is read in no time that anybody notices', async (t) => {
  const ann = await signUp()
  const label = `a${' '.repeat(200_000)}b`
  const file = `Card ID,Card Name,List Name,Labels\n${`1,Card,Doing,${label}\n`.repeat(24)}`
  t.match(await preview(ann, file), { source: 'trello', rows_total: 24, rows_rejected: 24 })
  const coloured = 'Card ID,Card Name,List Name,Labels\n1,Card,Doing,"x  (dark red), y(z)"\n'
  t.match((await preview(ann, coloured)).tasks, [{ tags: ['x', 'y'] }])
})

t.test('names that every object of JavaScript has are names like any other', async (t) => {
  const ann = await signUp()
  const names = ['Constructor', 'to_string', 'valueOf', '__proto__', 'has-own-property']
  const done = await imported(ann, `title,${names.join()}\nA,1,2,3,4,5\n`)
  t.match(done, { rows_imported: 1, rows_rejected: 0 })
  t.strictSame(done.ignored_columns, names)
  const line = `{"title":"B",${names.map((name) => `"${name}":{"title":"x"}`).join()}}\n`
  const lines = await imported(ann, line, asJsonLines)
  t.strictSame([lines.rows_imported, lines.ignored_columns], [1, names])
  t.strictSame(
    (await tasksOf(ann)).map(({ title }) => title),
    ['A', 'B']
  )
})

t.test('values that every object of JavaScript has are values like any other', async (t) => {
  const ann = await signUp()
  const files = {
    ticktick: 'List Name,Title,Content,Is Check list,Priority,Status\nx,A,,N,toString,valueOf\n',
    todoist: 'TYPE,CONTENT,PRIORITY,INDENT\ntask,A,constructor,1\n'
  }
  for (const [source, file] of Object.entries(files)) {
    const done = await imported(ann, file)
    t.match(done, { source, rows_imported: 0, rows_rejected: 1 })
    t.match(await errorsOf(ann, done), [{ column: /priority|status/, code: 'unknown_value' }])
  }
})

t.test('values that are nested deeper than any program writes are rejected', async (t) => {
  const ann = await signUp()
  const nested = [
    `{"tags":["x",${'['.repeat(100_000)}${']'.repeat(100_000)}],"title":"A"}`,
    `{"title":"A","description":${'{"a":'.repeat(40_000)}1${'}'.repeat(40_000)}}`
  ]
  for (const line of nested) {
    const done = await imported(ann, `{"title":"before"}\n${line}\n`, asJsonLines)
    t.match(done, { rows_imported: 1, rows_rejected: 1 })
  }
})

t.test('a warning stays short, however many columns it is about', async (t) => {
  const ann = await signUp()
  const names = Array.from({ length: 25 }, (_, i) => `${i}${'x'.repeat(90)}`)
  const mapping = Object.fromEntries(names.map((name) => [name, 'tags']))
  const answer = await upload(ann, `title,labels,${names.join()}\nA,b\n`, {
    query: asQuery(mapping)
  })
  t.match(answer.json(), {
    warnings: [{ code: 'column_not_used', detail: /^“labels” is ignored/ }]
  })
  t.equal(answer.statusCode, 202)
})

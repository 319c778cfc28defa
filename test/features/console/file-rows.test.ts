import { parse } from 'csv-parse/sync'
import t from 'tap'
import { OTHER_RECORDS } from '../../../src/features/imports/json-lines-reader.ts'
import { pick, seeded } from '../../support/random.ts'

const folder = '../../../src/features/console/public/pages/csv/'
const { splitCsv, splitJsonLines } = await import(`${folder}file-rows.js`)
const PARTS = ['a', '"', ',', ',', '\n', '\r\n', '\r', ' ', '"b\nc"', '"d,e"', '"q""r"', '""']
const FILES = 20_000

/** The rows of a file as an import reads them; undefined when it is no CSV. */
function readRows(text: string): string[][] | undefined {
  try {
    const rows: string[][] = parse(text, {
      relax_column_count: true,
      record_delimiter: ['\r\n', '\n', '\r']
    })
    return rows.filter((cells) => cells.some((cell) => cell.trim() !== ''))
  } catch {
    return undefined
  }
}

t.test('a file is split into the very rows that an import reads', async (t) => {
  const random = seeded(20_261_127)
  let compared = 0
  for (let i = 0; i < FILES; i++) {
    const text = Array.from({ length: 14 }, () => pick(random, PARTS)).join('')
    const wanted = readRows(text)
    if (wanted === undefined) {
      continue
    }
    compared++
    const found = splitCsv(text, ',').map((row: string) => readRows(row)?.[0])
    if (JSON.stringify(found) !== JSON.stringify(wanted)) {
      t.strictSame(found, wanted, JSON.stringify(text))
    }
  }
  t.ok(compared > FILES / 20, `${compared} of ${FILES} files are CSV`)
})

t.test('the line that names the delimiter is no row', async (t) => {
  t.strictSame(splitCsv('sep=;\r\ntitle;tags\r\n;\r\nOne;"a;b"', ';'), ['title;tags', 'One;"a;b"'])
})

t.test('lines of an export that are no tasks are no rows, as for an import', async (t) => {
  const lines = OTHER_RECORDS.map((type) => JSON.stringify({ type, data: {} }))
  const task = JSON.stringify({ type: 'task', data: { title: 'Paint' } })
  t.equal(splitJsonLines([...lines, task].join('\n')).length, 1)
  t.equal(splitJsonLines(JSON.stringify({ type: 'unheard of', data: {} })).length, 1)
})

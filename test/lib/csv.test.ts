import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import t from 'tap'
import { csvOf, guardCell, unguardCell } from '../../src/lib/csv.ts'

t.test(
  'text that a spreadsheet would run is guarded, and so is text that looks guarded',
  async (t) => {
    for (const start of ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
      for (const before of [' ', '\u00a0', '"', '\u200b', '\ufeff', ' \'" ']) {
        const text = `${before}${start}1+1`
        t.equal(guardCell(text), `'${text}`)
        t.equal(unguardCell(guardCell(text)), text)
        t.equal(unguardCell(guardCell(`'${text}`)), `'${text}`)
      }
      t.equal(guardCell(`${start}1+1`), `'${start}1+1`)
      t.equal(guardCell(`'${start}1+1`), `''${start}1+1`)
      t.equal(unguardCell(`'${start}1+1`), `${start}1+1`)
    }
    for (const plain of ['', 'a', "'a", 'a=1', "'", ' 1=1', '\u00a0', '1-2']) {
      t.equal(guardCell(plain), plain)
      t.equal(unguardCell(plain), plain)
    }
  }
)

const cell = fc.oneof(
  fc.string({
    unit: fc.constantFrom(
      "'",
      '=',
      '+',
      '-',
      '@',
      '\t',
      '\r',
      '\n',
      '"',
      ',',
      'a',
      ' ',
      '＝',
      '\ufeff',
      '\u00a0',
      '\u200b'
    )
  }),
  fc.string({ unit: 'grapheme' })
)

t.test('every record is read back unchanged, and null differs from empty text', async () => {
  const records = fc.array(fc.array(fc.option(cell), { minLength: 3, maxLength: 3 }), {
    minLength: 1,
    maxLength: 5
  })
  fc.assert(
    fc.property(records, (written) => {
      const read = parse(csvOf(written), {
        record_delimiter: '\r\n',
        cast: (value, { quoting }) => (value === '' && !quoting ? null : unguardCell(value))
      })
      return JSON.stringify(read) === JSON.stringify(written)
    })
  )
})

import t from 'tap'
import { md } from '../../src/lib/md.ts'

t.test('lines of a paragraph are joined without indentation', async (t) => {
  t.equal(
    md`
      One task with its version,
      also as \`ETag\`.
    `,
    'One task with its version, also as `ETag`.'
  )
  t.equal(md`One line.`, 'One line.')
})

t.test('empty lines, list items and headings keep their own lines', async (t) => {
  t.equal(
    md`
      # Paging

      Lists are paged
      by cursor.

      - one
      - two
    `,
    '# Paging\n\nLists are paged by cursor.\n\n- one\n- two'
  )
})

t.test('values are inserted unchanged', async (t) => {
  t.equal(md`At most ${100} rows.`, 'At most 100 rows.')
})

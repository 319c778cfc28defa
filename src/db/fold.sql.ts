import { type SQL, type SQLWrapper, sql } from 'drizzle-orm'
import { IGNORED, LETTER_PAIRS, LETTERS, LETTERS_APART, MARKS_APART, SYMBOLS } from '../lib/fold.ts'

/** Names a character as regular expressions of PostgreSQL do. */
const hex = (code: number): string =>
  code > 0xffff
    ? `\\U${code.toString(16).padStart(8, '0')}`
    : `\\u${code.toString(16).padStart(4, '0')}`
const classOf = (ranges: typeof SYMBOLS): string =>
  `[${ranges.map(([first, last]) => `${hex(first)}-${hex(last)}`).join('')}]`
const literal = (text: string): SQL => sql.raw(`'${text}'`)

const { latin, greekCyrillicArmenian, rare } = LETTERS
const fromLetters = literal(latin.from)
const fromFrequent = literal(latin.from + greekCyrillicArmenian.from)
const fromAll = literal(latin.from + greekCyrillicArmenian.from + rare.from)
const toAll = literal(latin.to + greekCyrillicArmenian.to + rare.to)

/** ASCII is by far the fastest to fold, and most texts are nothing else. */
const isAscii = (text: SQLWrapper): SQL => sql`octet_length(${text}) = char_length(${text})`

/** Translates with as few letters as the text needs; those of `to` that have no counterpart do not matter. */
function foldOther(text: SQLWrapper): SQL {
  const decomposed = sql`regexp_replace(normalize(${text}, NFKD), ${literal(classOf(IGNORED))}, '', 'g')`
  const small = sql`lower(normalize(${decomposed}, NFC) COLLATE "C")`
  const from = sql`
    CASE
      WHEN ${text} ~ ${literal(classOf(rare.in))} THEN ${fromAll}
      WHEN ${text} ~ ${literal(classOf(greekCyrillicArmenian.in))} THEN ${fromFrequent}
      ELSE ${fromLetters}
    END`
  return LETTER_PAIRS.reduce(
    (folded, [letter, pair]) => sql`replace(${folded}, ${literal(letter)}, ${literal(pair)})`,
    sql`translate(${small}, ${from}, ${toAll})`
  )
}

/** SQL for `foldLetters` of lib/fold.ts, immutable and the same on every locale. */
export const foldedLetters = (text: SQLWrapper): SQL =>
  sql`CASE WHEN ${isAscii(text)} THEN lower(${text} COLLATE "C") ELSE ${foldOther(text)} END`

/** SQL for the words that `foldedWords` of lib/fold.ts returns, between blanks. */
export function foldedText(text: SQLWrapper): SQL {
  const words = sql`regexp_replace(${foldOther(text)}, ${literal(`${classOf(SYMBOLS)}+`)}, ' ', 'g')`
  const apart = literal(`${classOf(LETTERS_APART)}${classOf(MARKS_APART)}*`)
  return sql`
    CASE
      WHEN ${isAscii(text)} THEN regexp_replace(lower(${text} COLLATE "C"), '[^a-z0-9]+', ' ', 'g')
      ELSE regexp_replace(${words}, ${apart}, ' \\& ', 'g')
    END`
}

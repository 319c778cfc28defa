import { type SQL, type SQLWrapper, sql } from 'drizzle-orm'

/**
 * ASCII is by far the fastest to fold, and most texts are nothing else. The rest is done by functions of the database,
 * fold_other_letters and separate_other_words, which migrations make, as they make order_numbers.
 */
const isAscii = (text: SQLWrapper): SQL => sql`octet_length(${text}) = char_length(${text})`

/** SQL for `foldLetters` of lib/fold.ts, immutable and the same on every locale. */
export const foldedLetters = (text: SQLWrapper): SQL =>
  sql`CASE WHEN ${isAscii(text)} THEN lower(${text} COLLATE "C") ELSE fold_other_letters(${text}) END`

/** SQL for the words that `foldedWords` of lib/fold.ts returns, between blanks. */
export const foldedText = (text: SQLWrapper): SQL =>
  sql`
    CASE
      WHEN ${isAscii(text)} THEN regexp_replace(lower(${text} COLLATE "C"), '[^a-z0-9]+', ' ', 'g')
      ELSE separate_other_words(fold_other_letters(${text}))
    END`

/** Characters of a text that are compared and sorted by: no more than an index takes, whatever they are. */
const COMPARED_CHARACTERS = sql.raw('200')

/** SQL for a text as it is compared, from its beginning on: whatever its case and accents, the same on every server. */
export const comparableText = (text: SQLWrapper): SQL<string> =>
  sql<string>`left(${foldedLetters(text)}, ${COMPARED_CHARACTERS}) collate "C"`

/**
 * SQL for what titles and names sort by: as they are compared, in the order of code points, but numbers by value. Two
 * texts may sort alike and not be the same: `No. 7` and `No. 07`.
 */
export const sortableText = (text: SQLWrapper): SQL<string> =>
  sql<string>`order_numbers(left(${foldedLetters(text)}, ${COMPARED_CHARACTERS})) collate "C"`

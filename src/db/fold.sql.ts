import { type SQL, type SQLWrapper, sql } from 'drizzle-orm'

/**
 * ASCII is by far the fastest to fold, and most texts are nothing else. The rest is done by functions of the database,
 * fold_other_letters and separate_other_words, which migrations make.
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

import { stringify } from 'csv-stringify/sync'

/** What a spreadsheet takes for the beginning of a formula, also in full width, behind any number of guards (OWASP, CSV injection). */
const FORMULA = /^'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/
const GUARD = "'"

/** A text that no spreadsheet runs: what would be a formula gets one `'` in front, and so does what looks guarded already. */
export const guardCell = (text: string): string => (FORMULA.test(text) ? GUARD + text : text)

/** What `guardCell` was given: takes one `'` from in front of a formula and leaves every other text as it is. */
export const unguardCell = (text: string): string =>
  text.startsWith(GUARD) && FORMULA.test(text) ? text.slice(1) : text

/**
 * Records as CSV (RFC 4180: CRLF between records, quotes where needed). A null is an empty cell, an empty text is `""`,
 * so that a reader can tell them apart; line breaks of any kind are quoted.
 */
export function csvOf(records: (string | null)[][]): string {
  const guarded = records.map((record) =>
    record.map((cell) => (cell === null ? null : guardCell(cell)))
  )
  return stringify(guarded, { record_delimiter: 'windows', quoted_match: /^$|[\r\n]/ })
}

import { stringify } from 'csv-stringify/sync'

/**
 * The start of a formula in a spreadsheet, also in full width (OWASP, CSV injection). Before it may stand what some
 * spreadsheets drop: blanks of any kind, invisible characters, quotes, and any number of guards.
 */
const FORMULA = /^['"\s\u00ad\u200b-\u200f\u2060\ufeff]*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/
const GUARD = "'"

/** Puts a `'` before text that a spreadsheet would run as a formula, and before text that looks guarded already. */
export const guardCell = (text: string): string => (FORMULA.test(text) ? GUARD + text : text)

/** Reverses `guardCell`: removes one `'` before a formula and returns other text unchanged. */
export const unguardCell = (text: string): string =>
  text.startsWith(GUARD) && FORMULA.test(text) ? text.slice(1) : text

/**
 * Writes records as CSV (RFC 4180: CRLF between records, quotes where needed). Null is an empty cell and an empty text
 * is `""`, so that a reader can tell them apart; line breaks of any kind are quoted.
 */
export function csvOf(records: (string | null)[][]): string {
  const guarded = records.map((record) =>
    record.map((cell) => (cell === null ? null : guardCell(cell)))
  )
  return stringify(guarded, { record_delimiter: 'windows', quoted_match: /^$|[\r\n]/ })
}

import { csvLine } from '../../lib/download.js'
import { firstCell, isRecord, splitCsv, splitJsonLines, withoutFirstCell } from './file-rows.js'

/** The column that says why. An import ignores it, so that the file can be sent again as it is. */
const COLUMN = 'error'
/** Tells a spreadsheet that the file is UTF-8. */
const MARK = '\ufeff'
const BLANKS = /\s+/g

/** Rows with errors in these columns alone are imported, only not below their parent or without a comment. */
const HARMLESS = ['parent_id', 'comment']
export const isRejection = ({ column }) => !HARMLESS.includes(column)

/** Returns the errors of each rejected row as one text, by the number of the row. */
export function reasons(errors) {
  const byRow = Map.groupBy(errors.filter(isRejection), ({ row }) => row)
  return new Map(
    [...byRow].map(([row, found]) => [row, found.map(({ message }) => message).join(' ')])
  )
}

/**
 * Returns the rejected rows of a file as they are in it, each behind a column that says why, and the header first. Of
 * CSV everything else stays as it was written, whatever its delimiter. `layout` says how the file is read, and how many
 * rows it has.
 */
export async function rejectedFile(file, layout, errors) {
  const text = new TextDecoder(layout.encoding.replaceAll('_', '-')).decode(
    await file.arrayBuffer()
  )
  return layout.format === 'csv'
    ? csvParts(text, layout, reasons(errors))
    : jsonParts(text, layout, reasons(errors))
}

function csvParts(text, { delimiter, rows_total }, why) {
  const rows = splitCsv(text, delimiter)
  // Lines about the file may stand before the header; the rows are the last ones.
  const data = rows.slice(rows.length - rows_total)
  const header = rows.at(-rows_total - 1)
  assertRows(data.length === rows_total && header !== undefined)
  // A file that was mended has the column already.
  const hasColumn = firstCell(header, delimiter) === COLUMN
  const line = (reason, row) =>
    csvLine([reason]).trimEnd() +
    delimiter +
    (hasColumn ? withoutFirstCell(row, delimiter) : row) +
    '\r\n'
  return [
    MARK,
    line(COLUMN, header),
    ...[...why].map(([row, reason]) => line(reason.replace(BLANKS, ' '), data[row - 1]))
  ]
}

function jsonParts(text, { rows_total }, why) {
  const rows = splitJsonLines(text)
  assertRows(rows.length === rows_total)
  const withReason = (row, error) => {
    const { [COLUMN]: _previous, ...rest } = row
    return { [COLUMN]: error, ...rest }
  }
  return [...why].map(([number, error]) => {
    const row = rows[number - 1]
    const told = isRecord(row)
      ? { ...row, data: withReason(row.data, error) }
      : withReason(row, error)
    return `${JSON.stringify(told)}\n`
  })
}

function assertRows(isAsCounted) {
  if (!isAsCounted) {
    throw new Error('The rows of the file could not be told apart. Download the list of errors.')
  }
}

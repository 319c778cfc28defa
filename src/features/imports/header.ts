import { type CsvField, csvColumns } from '../tasks/schema.ts'
import { type Cells, invalidFile, isBlank, separatorIn } from './csv-reader.ts'
import { MAX_COLUMN_NAME, MAX_COLUMNS } from './schema.ts'

/** The same for Due Date, due-date, dueDate and due_date. */
const keyOf = (name: string): string => name.toLowerCase().replace(/[\s_-]+/g, '')
/** Every name that a column may have, and its field. */
const FIELDS = new Map(
  csvColumns.flatMap(({ names, field }) => names.map((name) => [keyOf(name), field] as const))
)
/** Where each field is in a row, how many columns there are, and which of them are ignored. */
export interface Header {
  positions: Partial<Record<CsvField, number>>
  width: number
  ignored: string[]
}

/** Reads the header, or throws the problem that it has. Two columns for one field are rejected as ambiguous. */
export function readHeader(cells: Cells): Header {
  if (cells.length > MAX_COLUMNS) {
    throw invalidFile(
      'too_many_columns',
      `The header has ${cells.length} columns; the maximum is ${MAX_COLUMNS}.`
    )
  }
  const positions: Header['positions'] = {}
  const ignored: string[] = []
  for (const [i, cell] of cells.entries()) {
    const name = (cell ?? '').trim()
    const field = FIELDS.get(keyOf(name))
    if (!field) {
      ignored.push(isBlank(cell) ? `column ${i + 1}` : printable(name))
      continue
    }
    const before = positions[field]
    if (before !== undefined) {
      throw repeatedColumn(field, String(cells[before]).trim(), name)
    }
    positions[field] = i
  }
  if (positions.title === undefined) {
    throw invalidFile(
      'missing_column',
      `The header needs a column title (or subject)${missingTitleHint(cells)}`
    )
  }
  return { positions, width: cells.length, ignored }
}

const repeatedColumn = (field: string, first: string, second: string) =>
  invalidFile(
    'repeated_column',
    `The header names ${field} twice, as ${printable(first)} and as ${printable(second)}. Remove one of them.`
  )

/** Most files without a title have another separator. */
function missingTitleHint(cells: Cells): string {
  const separator = cells.length === 1 ? separatorIn(cells[0] ?? '') : undefined
  if (separator) {
    return `; its cells are separated by ${separator}, and commas are needed.`
  }
  const names = cells.slice(0, 10).map((cell) => printable(cell ?? ''))
  return `; it has ${names.join(', ')}.`
}

/** Returns a name in a form that can be stored and shown: one line without control characters, of bounded length. */
export const printable = (name: string, maxLength = MAX_COLUMN_NAME): string =>
  name
    .replace(/[\x00-\x1f\x7f-\x9f]+/g, ' ')
    .slice(0, maxLength)
    .toWellFormed()

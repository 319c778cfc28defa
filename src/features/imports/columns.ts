import { type Cells, invalidFile, isBlank } from './csv-reader.ts'
import { MAX_COLUMN_NAME, MAX_COLUMNS } from './schema.ts'

/** What a column can be called, whatever its case, and the field that it fills. */
const FIELDS = {
  title: 'title',
  subject: 'title',
  description: 'description',
  status: 'status',
  priority: 'priority',
  due_date: 'due_date',
  tags: 'tags'
} as const
export type Field = (typeof FIELDS)[keyof typeof FIELDS]

/** Where each field stands in a row, how many columns there are, and which of them mean nothing to us. */
export interface Columns {
  places: Partial<Record<Field, number>>
  width: number
  ignored: string[]
}

/** Reads the header, or throws a problem that says what it lacks. Two columns for one field are refused: either could be meant. */
export function readHeader(header: Cells): Columns {
  if (header.length > MAX_COLUMNS) {
    throw invalidFile(
      'too_many_columns',
      `The header has ${header.length} columns; ${MAX_COLUMNS} are the most.`
    )
  }
  const places: Columns['places'] = {}
  const ignored: string[] = []
  for (const [i, cell] of header.entries()) {
    const name = (cell ?? '').trim()
    const key = name.toLowerCase()
    const field = Object.hasOwn(FIELDS, key) ? FIELDS[key as keyof typeof FIELDS] : undefined
    if (!field) {
      ignored.push(isBlank(cell) ? `column ${i + 1}` : printable(name))
      continue
    }
    const before = places[field]
    if (before !== undefined) {
      throw invalidFile(
        'repeated_column',
        `The header names ${field} twice, as ${printable(String(header[before]).trim())} and as ${printable(name)}. Leave one of them out.`
      )
    }
    places[field] = i
  }
  if (places.title === undefined) {
    throw invalidFile(
      'missing_column',
      `The header needs a column title (or subject)${hint(header)}`
    )
  }
  return { places, width: header.length, ignored }
}

/** Most files without a title are separated by something else. */
function hint(header: Cells): string {
  const [only = ''] = header
  const separator = [
    [';', 'semicolons'],
    ['\t', 'tabs'],
    ['|', 'bars']
  ].find(([sign]) => header.length === 1 && only?.includes(sign as string))
  return separator
    ? `; its cells are separated by ${separator[1]}, and commas are needed.`
    : `; it has ${header
        .slice(0, 10)
        .map((cell) => printable(cell ?? ''))
        .join(', ')}.`
}

/** A name as it can be stored and shown: one line without control characters, of bounded length. */
export const printable = (name: string, most = MAX_COLUMN_NAME): string =>
  name
    .replace(/[\x00-\x1f\x7f-\x9f]+/g, ' ')
    .slice(0, most)
    .toWellFormed()

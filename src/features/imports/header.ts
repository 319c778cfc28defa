import { type Cells, isBlank } from './csv-reader.ts'
import { type ImportField, isOurName, keyOf } from './fields.ts'
import { MAX_COLUMN_NAME, MAX_COLUMNS } from './file.schema.ts'
import type { Findings } from './findings.ts'
import { checkMapping, type Mapping } from './mapping.ts'
import { invalidFile, printable } from './problems.ts'
import { generic, recognise } from './sources/known-sources.ts'
import type { Source } from './sources/source.ts'

export interface Column {
  name: string
  key: string
  field: ImportField | undefined
  /** Whether the sender has said what the column is. */
  isMapped: boolean
}

/** What the columns of a file are. */
export interface Layout {
  source: Source
  columns: Column[]
}

/** Returns whether a row can only be a header: it has the columns of a known program. */
export const isHeaderOfProgram = (cells: Cells): boolean => recognise(keysOf(cells)) !== undefined

const nameOf = (cell: Cells[number]): string => (cell ?? '').trim()
const keysOf = (cells: Cells): Set<string> => new Set(cells.map((cell) => keyOf(nameOf(cell))))

/**
 * Reads the header, or throws the problem that it has. What the sender says of a column goes before what its name says,
 * and a name of ours before what others call a field; two columns for one field are otherwise rejected as ambiguous.
 */
export function readHeader(cells: Cells, found: Findings, mapping: Mapping): Layout {
  if (cells.length > MAX_COLUMNS) {
    throw invalidFile(
      'too_many_columns',
      `The header has ${cells.length} columns; the maximum is ${MAX_COLUMNS}.`
    )
  }
  const source = recognise(keysOf(cells)) ?? generic
  found.source = source.id === 'generic' ? found.source : source.id
  const names = cells.map(nameOf)
  checkMapping(mapping, names)
  const columns = names.map((name): Column => columnOf(name, source, mapping))
  const taken = settleDuplicates(columns, source, found)
  if (taken.every(({ field }) => field !== 'title')) {
    throw invalidFile(
      'missing_column',
      `The header needs a column title (or subject); it has ${listOf(cells)}. ` +
        'Say in mapping which column is the title.'
    )
  }
  return { source, columns: taken }
}

const listOf = (cells: Cells): string =>
  cells
    .slice(0, 10)
    .map((cell) => printable(cell ?? '', MAX_COLUMN_NAME))
    .join(', ')

/** The names of the columns that are not imported. */
export const ignoredColumns = ({ columns }: Layout): string[] =>
  columns.flatMap(({ name, field }, i) => {
    if (field !== undefined) {
      return []
    }
    return isBlank(name) ? [`column ${i + 1}`] : [printable(name, MAX_COLUMN_NAME)]
  })

function columnOf(name: string, source: Source, mapping: Mapping): Column {
  const key = keyOf(name)
  const mapped = mapping.columns.get(key)
  const field = mapped ? (mapped.field ?? undefined) : source.columns[key]
  return { name, key, field, isMapped: mapped !== undefined }
}

/** Takes the field from columns that do not get it. */
function settleDuplicates(columns: Column[], source: Source, found: Findings): Column[] {
  const byField = Map.groupBy(columns, ({ field }) => field)
  return columns.map((column) => {
    const rivals = byField.get(column.field) ?? []
    if (column.field === undefined || rivals.length === 1) {
      return column
    }
    const winners = winnersOf(rivals, source)
    if (winners.includes(column)) {
      return column
    }
    found.warn(
      'column_not_used',
      `${quoted(column)} is ignored, because ${winners.map(quoted).join(' and ')} is the ${column.field}.`
    )
    return { ...column, field: undefined }
  })
}

/** Those that the sender has mapped, else those with a name of ours. Programs have several for one field by design. */
function winnersOf(rivals: Column[], source: Source): Column[] {
  const mapped = rivals.filter(({ isMapped }) => isMapped)
  if (mapped.length > 0 || source !== generic) {
    return mapped.length > 0 ? mapped : rivals
  }
  const ours = rivals.filter(({ key }) => isOurName(key))
  const winners = ours.length > 0 ? ours : rivals
  if (winners.length > 1) {
    throw repeatedColumn(String(winners[0]?.field), winners)
  }
  return winners
}

const quoted = ({ name }: Column): string => `“${printable(name, MAX_COLUMN_NAME)}”`

const repeatedColumn = (field: string, [first, second]: Column[]) =>
  invalidFile(
    'repeated_column',
    `The header names ${field} twice, as ${quoted(first as Column)} and as ${quoted(second as Column)}. ` +
      'Remove one of them, or say in mapping which one counts.'
  )

import { similarName } from '../../lib/did-you-mean.ts'
import { type Cell, type Cells, cellText, isBlank } from './csv-reader.ts'
import {
  COMMENT,
  FIELDS_BY_KEY,
  type ImportField,
  isOurName,
  keyOf,
  PROJECT,
  PROJECT_NAME
} from './fields.ts'
import { MAX_COLUMN_NAME, MAX_COLUMNS } from './file.schema.ts'
import type { Findings } from './findings.ts'
import { checkMapping, type Mapping } from './mapping.ts'
import { invalidFile, printable } from './problems.ts'
import { generic, jsonLines, keyIn, recognise } from './sources/known-sources.ts'
import type { Source } from './sources/source.ts'

export interface Column {
  name: string
  key: string
  field: ImportField | undefined
  /** Whether the sender has said what the column is. */
  isMapped: boolean
  /** Whether the program does not write the column, and its name is one of ours. */
  isAdded: boolean
  /** Whether it names the section of each task, or holds comments, beside the field that it may be. */
  extra: 'tags' | typeof COMMENT | undefined
}

/** What the columns of a file are. */
export interface Layout {
  source: Source
  columns: Column[]
}

/** Returns whether a row can only be a header: it has the columns of a known program. */
export const isHeaderOfProgram = (cells: Cells): boolean => recognise(keysOf(cells)) !== undefined

const nameOf = (cell: Cell): string => cellText(cell).trim()
const keysOf = (cells: Cells): Set<string> => new Set(cells.map((cell) => keyOf(nameOf(cell))))

/**
 * Reads the header, or throws the problem that it has. What the sender says of a column goes before what its name says,
 * and a name of ours before what others call a field; two columns for one field are otherwise rejected as ambiguous.
 * Without `takesProjects` the column of the project is ignored.
 */
export function readHeader(
  cells: Cells,
  found: Findings,
  mapping: Mapping,
  takesProjects = true
): Layout {
  if (cells.length > MAX_COLUMNS) {
    throw invalidFile(
      'too_many_columns',
      `The header has ${cells.length} columns; the maximum is ${MAX_COLUMNS}.`
    )
  }
  const source = recognise(keysOf(cells)) ?? (found.format === 'csv' ? generic : jsonLines)
  found.source = source.id === 'generic' ? found.source : source.id
  const names = cells.map(nameOf)
  checkMapping(mapping, names)
  const columns = withAddedColumns(names.map((name) => columnOf(name, source, mapping))).map(
    (column) =>
      isProject(column.field) && !takesProjects ? { ...column, field: undefined } : column
  )
  const taken = settleDuplicates(columns, source, found)
  if (source === generic) {
    warnSimilar(found, taken)
  }
  if (taken.every(({ field }) => field !== 'title')) {
    throw invalidFile(
      'missing_column',
      `The header needs a column title (or subject); it has ${listOf(cells)}. ` +
        'Say in mapping which column is the title.'
    )
  }
  return { source, columns: taken }
}

const isProject = (field: ImportField | undefined): boolean =>
  field === PROJECT || field === PROJECT_NAME

const listOf = (cells: Cells): string =>
  cells
    .slice(0, 10)
    .map((cell) => printable(cellText(cell), MAX_COLUMN_NAME))
    .join(', ')

/** The names of the columns that are not imported. */
export const ignoredColumns = ({ columns }: Layout): string[] =>
  columns.flatMap(({ name, field, extra }, i) => {
    if ((field ?? extra) !== undefined) {
      return []
    }
    return isBlank(name) ? [`column ${i + 1}`] : [printable(name, MAX_COLUMN_NAME)]
  })

function columnOf(name: string, source: Source, mapping: Mapping): Column {
  const mapped = mapping.columns.get(keyOf(name))
  const key = keyIn(source, keyOf(name))
  const known = Object.hasOwn(source.columns, key) ? source.columns[key] : undefined
  const field = mapped ? (mapped.field ?? undefined) : known
  const isMapped = mapped !== undefined
  return {
    name,
    key,
    field,
    isMapped,
    isAdded: false,
    extra: isMapped ? undefined : extraOf(key, source)
  }
}

function extraOf(key: string, { section, comments }: Source): Column['extra'] {
  if (key === comments) {
    return COMMENT
  }
  return key === section ? 'tags' : undefined
}

/**
 * A file that looks like that of a program may have been written by hand: for a field that the program has no column
 * of, a column with a name of ours counts. Not for the id, which other programs have as well.
 */
function withAddedColumns(columns: Column[]): Column[] {
  const has = new Set<ImportField | undefined>(['id', ...columns.map(({ field }) => field)])
  return columns.map((column) => {
    const field = FIELDS_BY_KEY.get(column.key)
    const isFree = column.field === undefined && !column.isMapped && !has.has(field)
    return isFree && field !== undefined ? { ...column, field, isAdded: true } : column
  })
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
    warnNotUsed(found, column, winners)
    return { ...column, field: undefined }
  })
}

/** Those that the sender has mapped, else those with a name of ours. Programs have several for one field by design. */
function winnersOf(rivals: Column[], source: Source): Column[] {
  const mapped = rivals.filter(({ isMapped }) => isMapped)
  if (mapped.length > 0) {
    return mapped
  }
  if (source !== generic && rivals.every(({ isAdded }) => !isAdded)) {
    return rivals
  }
  const ours = rivals.filter(({ key }) => isOurName(key))
  const winners = ours.length > 0 ? ours : rivals
  if (winners.length > 1 && source === generic) {
    throw repeatedColumn(String(winners[0]?.field), winners)
  }
  return winners.slice(0, 1)
}

type Named = Pick<Column, 'name' | 'field'>

/** A file may have hundreds of columns for one field. */
const MAX_WINNERS = 3

/** Tells that others are taken for the field of a column. */
export function warnNotUsed(found: Findings, column: Named, winners: Named[]): void {
  const used = winners.slice(0, MAX_WINNERS).map(quoted).join(' and ')
  found.warn(
    'column_not_used',
    `${quoted(column)} is ignored, because ${used} is the ${column.field}.`
  )
}

/** Tells of columns that are ignored, although their names are nearly those of fields that no other column has. */
function warnSimilar(found: Findings, columns: Column[]): void {
  const has = new Set(columns.map(({ field }) => field))
  const free = [...FIELDS_BY_KEY].filter(([, field]) => !has.has(field)).map(([key]) => key)
  for (const column of columns) {
    const isIgnored = column.field === undefined && !column.isMapped
    const similar = isIgnored ? similarName(column.key, free) : undefined
    if (similar !== undefined) {
      found.warn(
        'column_not_known',
        `${quoted(column)} is ignored; if it is the ${FIELDS_BY_KEY.get(similar)}, say so in mapping.`
      )
    }
  }
}

const quoted = ({ name }: Named): string => `“${printable(name, MAX_COLUMN_NAME)}”`

const repeatedColumn = (field: string, [first, second]: Column[]) =>
  invalidFile(
    'repeated_column',
    `The header names ${field} twice, as ${quoted(first as Column)} and as ${quoted(second as Column)}. ` +
      'Remove one of them, or say in mapping which one counts.'
  )

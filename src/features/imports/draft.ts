import { unguardCell } from '../../lib/csv.ts'
import { findTimeZone, type TimeZone } from '../../lib/time-zone.ts'
import { type CsvField, csvColumns } from '../tasks/schema.ts'
import { type Cells, cellText, isBlank } from './csv-reader.ts'
import { isAmbiguous, isoDate, slashedDate } from './dates.ts'
import type { Fault } from './faults.ts'
import { type ImportField, PARENT } from './fields.ts'
import type { Layout } from './header.ts'
import { printable } from './problems.ts'
import { DATE_FIELDS, type Reading } from './reading.ts'
import { type Draft, splitTags, textOf } from './sources/source.ts'
import { priorityOf, statusOf } from './words.ts'

/** Of a name that is no zone, as much is told. */
const MAX_ZONE = 50

export const HINTS: ReadonlyMap<ImportField, string | undefined> = new Map(
  csvColumns.map(({ field, hint }) => [field, hint])
)

/** Returns what the cells of a row say for each field, its times in `zone`; undefined for a row that is no task. */
export function draftOf(
  cells: Cells,
  { layout, isGuarded, warn }: Reading,
  zone: TimeZone | undefined
): Draft | undefined {
  const { source, columns } = layout
  const draft: Draft = {}
  for (const [i, { field, isAdded }] of columns.entries()) {
    const cell = cells[i] ?? null
    // In files of other programs a quoted empty cell is as empty as any.
    if (field === undefined || isAdded || cell === null || (cell === '' && source.adjust)) {
      continue
    }
    const text = isGuarded && typeof cell === 'string' ? unguardCell(cell) : cell
    const before = draft[field]
    if (before === undefined) {
      draft[field] = text
    } else if (field === 'tags') {
      draft[field] = `${before}|${text}`
    }
  }
  const read = (key: string) => cellText(cells[columns.findIndex((column) => column.key === key)])
  const adjusted = source.adjust ? source.adjust(draft, read, { warn, zone }) : draft
  return adjusted && withAddedCells(adjusted, cells, layout)
}

/** Adds what columns say that the program does not write: in our words, which it does not adjust. */
function withAddedCells(draft: Draft, cells: Cells, { columns }: Layout): Draft {
  for (const [i, { field, isAdded }] of columns.entries()) {
    const text = cellText(cells[i])
    if (field === undefined || !isAdded || isBlank(text)) {
      continue
    }
    const tags = Array.isArray(draft.tags) ? draft.tags : []
    draft[field] = field === 'tags' ? [...tags, ...splitTags(text, /\|/)] : text
  }
  return draft
}

/** Returns the zone of a row's times that have none: that of the row if it names one, else that of the file. */
export function zoneOf(cells: Cells, { layout, zone, warn }: Reading): TimeZone | undefined {
  const { source, columns } = layout
  const at = source.zone === undefined ? -1 : columns.findIndex(({ key }) => key === source.zone)
  const name = cellText(cells[at]).trim()
  if (name === '') {
    return zone
  }
  const found = findTimeZone(name)
  if (!found) {
    warn(
      'time_zone_unknown',
      `“${printable(name, MAX_ZONE)}” is no time zone; rows with such a name are read in time_zone, if it is given.`
    )
  }
  return found ?? zone
}

const MIDNIGHT = /(?<=^\d{4}-\d{2}-\d{2})T00:00(:00(\.0+)?)?Z?$/
/** Writes the dates of a row as ISO 8601 has them, and returns those whose day and month are not known. */
export function dateFaults(draft: Draft, { dateOrder, layout }: Reading): Fault[] {
  const faults: Fault[] = []
  for (const field of DATE_FIELDS) {
    const text = textOf(draft, field)
    if (text === '') {
      continue
    }
    const date = slashedDate(text)
    if (date && dateOrder === undefined && isAmbiguous(date)) {
      faults.push({
        column: field,
        code: 'ambiguous_date',
        message: `${field} may begin with the day or with the month. Repeat with date_order=dmy or date_order=mdy.`
      })
      delete draft[field]
    } else {
      draft[field] = isoDate(text, dateOrder)
    }
  }
  if (layout.source.isDueOnDays && typeof draft.due_date === 'string') {
    draft.due_date = draft.due_date.replace(MIDNIGHT, '')
  }
  return faults
}

/**
 * Returns the body of a new task that a draft says, to be validated like a request. A due time without zone is meant in
 * `zone`.
 */
export function taskOf(draft: Draft, zone?: TimeZone): Record<string, unknown> {
  const task: Record<string, unknown> = {}
  for (const { field, parse } of csvColumns) {
    const said = draft[field]
    const value = typeof said === 'string' ? parse(inOurWords(field, said), zone) : said
    if (value !== undefined) {
      task[field] = value
    }
  }
  return task
}

function inOurWords(field: ImportField, text: string): string {
  if (field === 'status') {
    return statusOf(text) ?? text
  }
  return field === 'priority' ? (priorityOf(text) ?? text) : text
}

/** A field of a task that exists which a row can change. */
export type SettableField = CsvField | typeof PARENT

/** What an empty cell clears; any other field stays as it is. */
const CLEARABLE: readonly SettableField[] = ['description', 'due_date', 'tags', PARENT]
const isSettable = (field: ImportField | undefined): field is SettableField =>
  field === PARENT || csvColumns.some((column) => column.field === field)

/** Returns the fields that a row sets or clears. */
export const givenFields = (cells: Cells, { layout }: Reading): SettableField[] =>
  layout.columns.flatMap(({ field }, i) => {
    const cell = cells[i]
    const isGiven =
      isSettable(field) && cell !== undefined && (!isBlank(cell) || CLEARABLE.includes(field))
    return isGiven ? [field] : []
  })

import { validatorOf } from '../../http/validation.ts'
import { unguardCell } from '../../lib/csv.ts'
import type { TimeZone } from '../../lib/time-zone.ts'
import { type CsvField, csvColumns, schemas, TaskCreate } from '../tasks/schema.ts'
import { type Cells, isBlank } from './csv-reader.ts'
import type { Header } from './header.ts'
import { MAX_VALUE } from './schema.ts'

/** What is wrong with a row; `column` is empty for an error of the row as a whole. */
export interface RowError {
  column: CsvField | ''
  code: string
  message: string
  value: string | null
}
export type ParsedRow = { task: TaskCreate } | { errors: RowError[] }

/** The rules of a new task are those of the contract, whichever way it comes in. */
const validate = validatorOf(TaskCreate, schemas)

const HINTS = new Map(csvColumns.map(({ field, hint }) => [field, hint]))

/**
 * Returns what a row says: a new task, or its errors. An empty cell means that the field is absent; a time without zone
 * is meant in `zone`.
 */
export function parseRow(cells: Cells, header: Header, zone?: TimeZone): ParsedRow {
  const tooMany = cellBeyond(cells, header.width)
  if (tooMany) {
    return { errors: [tooMany] }
  }
  const task: Record<string, unknown> = {}
  for (const { field, parse } of csvColumns) {
    const cell = cellOf(cells, header, field)
    const value = cell === null ? undefined : parse(unguardCell(cell), zone)
    if (value !== undefined) {
      task[field] = value
    }
  }
  const faults = validate(task)
  if (faults.length === 0) {
    return { task: task as TaskCreate }
  }
  // One error for each column: the first.
  const errors = new Map<CsvField, RowError>()
  for (const { pointer, code, detail } of faults) {
    const column = pointer.split('/')[1] as CsvField
    if (!errors.has(column)) {
      const value = beginningOf(cellOf(cells, header, column))
      errors.set(column, { column, code, message: HINTS.get(column) ?? detail, value })
    }
  }
  return { errors: [...errors.values()] }
}

function cellBeyond(cells: Cells, width: number): RowError | undefined {
  const position = cells.findIndex((cell, i) => i >= width && !isBlank(cell))
  return position < 0
    ? undefined
    : {
        column: '',
        code: 'too_many_cells',
        message:
          `The row has a cell ${position + 1}, but the header has ${width}. ` +
          'If the comma belongs to a cell, quote the cell.',
        value: beginningOf(cells[position] ?? null)
      }
}

const cellOf = (cells: Cells, { positions }: Header, field: CsvField): string | null =>
  cells[positions[field] ?? -1] ?? null

/** Returns the beginning of a value, in whole characters that can be stored. */
function beginningOf(value: string | null): string | null {
  return value === null
    ? null
    : [...value.slice(0, MAX_VALUE * 2)]
        .slice(0, MAX_VALUE)
        .join('')
        .replaceAll('\0', '\ufffd')
        .toWellFormed()
}

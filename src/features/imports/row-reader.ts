import { validatorOf } from '../../http/validation.ts'
import { schemas, TaskCreate } from '../tasks/schema.ts'
import { type Cells, cellText, isBlank, NO_CELLS } from './csv-reader.ts'
import { dateFaults, draftOf, givenFields, HINTS, taskOf, zoneOf } from './draft.ts'
import type { Fault, RowError } from './faults.ts'
import type { ImportField } from './fields.ts'
import { MAX_VALUE } from './file.schema.ts'
import { type Kept, keptOf } from './kept-fields.ts'
import type { Reading } from './reading.ts'
import { textOf } from './sources/source.ts'

export type ParsedRow =
  | { task: TaskCreate; kept: Kept }
  | { errors: RowError[] }
  /** The row is no task, such as the heading of a section. */
  | { skipped: true }

/** The rules of a new task are those of the contract, whichever way it comes in. */
const validate = validatorOf(TaskCreate, schemas)

/** Returns what a row says: a new task, or its errors. An empty cell means that the field is absent. */
export function parseRow(cells: Cells, reading: Reading): ParsedRow {
  const tooMany = cellBeyond(cells, reading.layout.columns.length)
  if (tooMany) {
    return { errors: [tooMany] }
  }
  const zone = zoneOf(cells, reading)
  const draft = cells === NO_CELLS ? undefined : draftOf(cells, reading, zone)
  if (draft === undefined || textOf(draft, 'deleted_at') !== '') {
    reading.warn(
      'rows_not_tasks',
      'Rows that are no tasks, such as sections, comments and deleted tasks, are skipped.'
    )
    return { skipped: true }
  }
  const faults: Fault[] = dateFaults(draft, reading)
  const task = taskOf(draft, zone)
  const { kept, faults: keptFaults } = keptOf(draft, task, givenFields(cells, reading), reading)
  faults.push(...taskFaults(task), ...keptFaults)
  return faults.length > 0
    ? { errors: firstOfEach(faults).map((fault) => withValue(fault, cells, reading)) }
    : { task: task as TaskCreate, kept }
}

const taskFaults = (task: Record<string, unknown>): Fault[] =>
  validate(task).map(({ pointer, code, detail }) => {
    const column = pointer.split('/')[1] as ImportField
    return { column, code, message: HINTS.get(column) ?? detail }
  })

/** One error for each column: the first. */
const firstOfEach = (faults: Fault[]): Fault[] =>
  faults.filter(({ column }, i) => faults.findIndex((other) => other.column === column) === i)

function withValue(fault: Fault, cells: Cells, { layout }: Reading): RowError {
  const at = layout.columns.findIndex(
    ({ field }, i) => field === fault.column && !isBlank(cells[i] ?? null)
  )
  return { ...fault, value: at < 0 ? null : beginningOf(cellText(cells[at])) }
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
          'If the delimiter belongs to a cell, quote the cell.',
        value: beginningOf(cellText(cells[position]))
      }
}

/** Returns the beginning of a value, in whole characters that can be stored. */
function beginningOf(value: string): string {
  return [...value.slice(0, MAX_VALUE * 2)]
    .slice(0, MAX_VALUE)
    .join('')
    .replaceAll('\0', '\ufffd')
    .toWellFormed()
}

import { validatorOf } from '../../http/validation.ts'
import { schemas, TaskCreate } from '../tasks/schema.ts'
import { type Cells, cellText, isBlank, NO_CELLS } from './csv-reader.ts'
import { dateFaults, draftOf, givenFields, HINTS, taskOf, zoneOf } from './draft.ts'
import type { Fault, RowError } from './faults.ts'
import { type ImportField, PARENT } from './fields.ts'
import { MAX_VALUE } from './file.schema.ts'
import { type Kept, keptOf } from './kept-fields.ts'
import { beginningOf } from './problems.ts'
import type { Reading } from './reading.ts'
import { commentsOf, onNothing, type RowComment, type RowComments } from './row-comments.ts'
import { noteSection, withSection } from './sections.ts'
import { textOf } from './sources/source.ts'

/** A row that becomes a task. */
export interface ValidRow {
  task: TaskCreate
  kept: Kept
  /** What the row calls its parent; empty where it has none. */
  parent: string
  comments: RowComment[]
  /** What is wrong with comments that are left out. */
  faults: RowError[]
}

export type ParsedRow =
  | ValidRow
  | { errors: RowError[]; isTask: boolean }
  /** The row is no task, such as the heading of a section; its comments are on the task above it. */
  | { skipped: true; comments: RowComment[] }

/** The rules of a new task are those of the contract, whichever way it comes in. */
const validate = validatorOf(TaskCreate, schemas)

/** Returns what a row says: a new task, or its errors. An empty cell means that the field is absent. */
export function parseRow(cells: Cells, reading: Reading): ParsedRow {
  noteSection(cells, reading)
  const tooMany = cellBeyond(cells, reading.layout.columns.length)
  if (tooMany) {
    return { errors: [tooMany], isTask: true }
  }
  const zone = zoneOf(cells, reading)
  const said = cells === NO_CELLS ? undefined : draftOf(cells, reading, zone)
  const noted = commentsOf(cells, reading, zone)
  if (said === undefined || textOf(said, 'deleted_at') !== '') {
    return noTask(noted, reading)
  }
  const draft = withSection(said, reading)
  const faults: Fault[] = dateFaults(draft, reading)
  const task = taskOf(draft, zone)
  const { kept, faults: keptFaults } = keptOf(draft, task, givenFields(cells, reading), reading)
  faults.push(...taskFaults(task), ...keptFaults)
  return faults.length > 0
    ? { errors: firstOfEach(faults).map((fault) => withValue(fault, cells, reading)), isTask: true }
    : { task: task as TaskCreate, kept, parent: textOf(draft, PARENT), ...noted }
}

function noTask({ comments, faults }: RowComments, { commented, warn }: Reading): ParsedRow {
  const isLost = comments.length > 0 && !commented
  if (faults.length > 0 || isLost) {
    return { errors: isLost ? [onNothing(comments)] : faults, isTask: false }
  }
  warn(
    'rows_not_tasks',
    'Rows that are no tasks are skipped: sections, which become tags, comments and deleted tasks.'
  )
  return { skipped: true, comments }
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
  return { ...fault, value: at < 0 ? null : beginningOf(cellText(cells[at]), MAX_VALUE) }
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
        value: beginningOf(cellText(cells[position]), MAX_VALUE)
      }
}

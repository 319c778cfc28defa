import { dateOf, isDate, isEndOfDay, isTimestamp, normalizeTimestamp } from '../../lib/timestamp.ts'
import type { AccountReader } from './account-reader.ts'
import { type Cells, MAX_ROW_BYTES, NO_CELLS } from './csv-reader.ts'
import { IMPORT_FIELDS, POSITION, PROJECT } from './fields.ts'
import type { Findings } from './findings.ts'
import { createCellWriter } from './json-cells.ts'
import type { Mapping } from './mapping.ts'
import { invalidFile, isInvalidText, rowOf, wrongEncoding } from './problems.ts'

const LINE_FEED = 0x0a
const whereAfter = (rowsRead: number): string => rowOf(rowsRead, 'the beginning')

interface JsonLinesOptions {
  mapping: Mapping
  ignored: Set<string>
  /** Whether a task of an export goes into its project. */
  takesProjects: boolean
  /** Gets what the export of an account has beside tasks. */
  account: AccountReader
}

/**
 * Reads JSON lines: an object for each task, by the names that columns have, or the lines of an account's export, of
 * which the tasks are read. Yields rows like those of CSV, the header first. Adds what it ignores to `ignored`.
 */
export async function* readJsonLines(
  source: AsyncIterable<Buffer>,
  found: Findings,
  { mapping, ignored, takesProjects, account }: JsonLinesOptions
): AsyncGenerator<Cells[]> {
  yield [[...IMPORT_FIELDS]]
  const { cellsOf, checkNames } = createCellWriter(found, { mapping, ignored, takesProjects })
  let rows = 0
  const own = takesProjects ? [PROJECT, POSITION] : [POSITION]
  const readLine = (line: string, row: number): Cells[] => {
    const record = parseLine(line, row)
    const values = valuesOf(record, found, account)
    if (values === undefined || values === NO_TASK) {
      return values ? [NO_CELLS] : []
    }
    return [cellsOf(withDueDay(values), values === record ? [] : own)]
  }
  try {
    for await (const lines of linesOf(source, () => rows)) {
      const batch = lines.flatMap((line) => {
        const cells = readLine(line, rows + 1)
        rows += cells.length
        return cells
      })
      if (batch.length > 0 || account.isWaiting()) {
        yield batch
      }
      await new Promise((resolve) => {
        setImmediate(resolve)
      })
    }
    checkNames()
  } catch (error) {
    throw isInvalidText(error) ? wrongEncoding(found.encoding, whereAfter(rows)) : error
  }
}

/** Yields the lines of each part that end in it, without blank ones. */
async function* linesOf(
  source: AsyncIterable<Buffer>,
  rowsRead: () => number
): AsyncGenerator<string[]> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let rest: Buffer[] = []
  let length = 0
  for await (const part of source) {
    const end = part.lastIndexOf(LINE_FEED)
    length += end < 0 ? part.length : part.length - end - 1
    if (end >= 0) {
      yield textLines(decoder.decode(Buffer.concat([...rest, part.subarray(0, end)])))
      rest = []
      length = part.length - end - 1
    }
    rest.push(part.subarray(end + 1))
    if (length > MAX_ROW_BYTES) {
      throw invalidFile(
        'row_too_long',
        `A line is longer than ${MAX_ROW_BYTES / 1024} KiB, after ${whereAfter(rowsRead())}.`
      )
    }
  }
  yield textLines(decoder.decode(Buffer.concat(rest)))
}

const textLines = (text: string): string[] => text.split('\n').filter((line) => line.trim() !== '')

type Values = Record<string, unknown>

function parseLine(line: string, row: number): Values {
  try {
    const value: unknown = JSON.parse(line)
    if (isObject(value)) {
      return value
    }
  } catch {
    // Told below.
  }
  throw invalidFile(
    'not_json_lines',
    `Row ${row} is not a JSON object on a line of its own, as JSON lines have it.`
  )
}

const isObject = (value: unknown): value is Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What other records an export has. */
export const OTHER_RECORDS = [
  'export',
  'account',
  'project',
  'project_member',
  'project_membership',
  'invitation_sent',
  'invitation_received',
  'task_comment',
  'task_event'
]
const NO_TASK = 'no task'

/**
 * Returns the fields of the task that a line is. Of an export, the records that are known to be others are undefined; a
 * record that is not known is no task. A task may have a type and data among other fields.
 */
function valuesOf(
  line: Values,
  found: Findings,
  account: AccountReader
): Values | typeof NO_TASK | undefined {
  const { type, data, ...others } = line
  if (typeof type !== 'string' || !isObject(data) || Object.keys(others).length > 0) {
    return line
  }
  if (type !== 'task' && !OTHER_RECORDS.includes(type)) {
    return NO_TASK
  }
  found.source = 'tasklane'
  account.add(type, data)
  return type === 'task' ? data : undefined
}

/**
 * A task that is due on a day has that day in a column, and the end of it in JSON. An `all_day` that contradicts the
 * due date stays, and is named among what is ignored.
 */
function withDueDay(task: Values): Values {
  const { all_day, ...rest } = task
  const due = typeof rest.due_date === 'string' ? rest.due_date : ''
  if (all_day === isDate(due)) {
    return rest
  }
  return all_day === true && isTimestamp(due) && isEndOfDay(normalizeTimestamp(due))
    ? { ...rest, due_date: dateOf(normalizeTimestamp(due)) }
    : task
}

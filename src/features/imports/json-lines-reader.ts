import { dateOf, isDate, isEndOfDay, isTimestamp, normalizeTimestamp } from '../../lib/timestamp.ts'
import { type Cells, MAX_ROW_BYTES } from './csv-reader.ts'
import { FIELDS_BY_KEY, IMPORT_FIELDS, keyOf } from './fields.ts'
import { MAX_COLUMN_NAME, MAX_COLUMNS } from './file.schema.ts'
import type { Findings } from './findings.ts'
import type { Mapping } from './mapping.ts'
import { invalidFile, isInvalidText, printable, rowOf, wrongEncoding } from './problems.ts'

const LINE_FEED = 0x0a

/**
 * Reads JSON lines: an object for each task, by the names that columns have, or the lines of an account's export, of
 * which the tasks are read. Yields rows like those of CSV, the header first. Adds what it ignores to `ignored`.
 */
export async function* readJsonLines(
  source: AsyncIterable<Buffer>,
  found: Findings,
  { mapping, ignored }: { mapping: Mapping; ignored: Set<string> }
): AsyncGenerator<Cells[]> {
  yield [[...IMPORT_FIELDS]]
  let rows = 0
  try {
    for await (const lines of linesOf(source, () => rows)) {
      const batch: Cells[] = []
      for (const line of lines) {
        const task = taskOf(parseLine(line, rows + 1), found)
        if (task) {
          rows++
          batch.push(cellsOf(withDueDay(task), mapping, ignored))
        }
      }
      if (batch.length > 0) {
        yield batch
      }
      await new Promise((resolve) => {
        setImmediate(resolve)
      })
    }
  } catch (error) {
    throw isInvalidText(error) ? wrongEncoding(found.encoding, rowOf(rows)) : error
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
        `A line is longer than ${MAX_ROW_BYTES / 1024} KiB, after ${rowOf(rowsRead())}.`
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

/** Returns the task of a line; undefined for a line of an export that is another record. */
function taskOf(line: Values, found: Findings): Values | undefined {
  const { type, data } = line
  if (typeof type !== 'string' || !isObject(data)) {
    return line
  }
  found.source = 'tasklane'
  if (type === 'task') {
    return data
  }
  if (type === 'task_event') {
    found.warn(
      'history_not_imported',
      'The history of the tasks is not imported: it would be in the name of others.'
    )
  }
  return undefined
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

function cellsOf(task: Values, mapping: Mapping, ignored: Set<string>): Cells {
  const cells: Cells = IMPORT_FIELDS.map(() => undefined)
  for (const [name, value] of Object.entries(task)) {
    const mapped = mapping.columns.get(keyOf(name))
    const field = mapped ? mapped.field : FIELDS_BY_KEY.get(keyOf(name))
    if (field) {
      cells[IMPORT_FIELDS.indexOf(field)] = cellOf(value)
    } else if (ignored.size < MAX_COLUMNS) {
      ignored.add(printable(name, MAX_COLUMN_NAME))
    }
  }
  return cells
}

function cellOf(value: unknown): string | null {
  if (value === null) {
    return null
  }
  if (Array.isArray(value)) {
    return value.map(String).join('|')
  }
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

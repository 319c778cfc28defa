import { Problem } from '../../core/problem.ts'
import { type AccountBatch, createAccountReader } from './account-reader.ts'
import { type Cells, cellText, isBlank } from './csv-reader.ts'
import { MAX_LINES_BEFORE_HEADER } from './delimiter.ts'
import type { LateLink, TaskRef } from './family.ts'
import { keyOf } from './fields.ts'
import { createFindings, type Findings } from './findings.ts'
import { ignoredColumns, isHeaderOfProgram, type Layout, readHeader } from './header.ts'
import { putInto } from './kept-fields.ts'
import { checkProject, type Mapping, NO_MAPPING } from './mapping.ts'
import { invalidFile } from './problems.ts'
import { createReading, finalLayout, type Reading, type ReadingOptions } from './reading.ts'
import type { CommentsOnRow, RowComment } from './row-comments.ts'
import { type ParsedRow, parseRow } from './row-reader.ts'
import { isKnownColumn } from './sources/known-sources.ts'
import { readTable, type TableOptions } from './table.ts'

/** The first rows, which tell what the header leaves open. */
const LOOK_ROWS = 500
const LOOK_CHARACTERS = 262_144

export type ReadOptions = Omit<TableOptions, 'account'> & Omit<ReadingOptions, 'account'>

/** What a file is, complete when all of its rows have been read. */
export interface FileReport {
  found: Findings
  layout: Layout
  ignored_columns: string[]
  rows_total: number
  /** Whether rows say in which project their tasks are. */
  hasProjects: boolean
  /** Whether rows are below others. */
  hasParents: boolean
  /** The rows whose parents come after them, or not at all. */
  late: LateLink[]
}

/** What has been read at once: rows, and what the export of an account has beside tasks. */
export interface FileBatch extends AccountBatch {
  rows: NumberedRow[]
}

/** A row by its number: rows count from 1, without the header and without blank ones. */
export type NumberedRow = {
  row: number
  parsed: ParsedRow
  /** The task that its own is below of, as far as that is known yet. */
  parent?: TaskRef | undefined
  /** The comments that the row says, and on which task they are. */
  comments?: CommentsOnRow | undefined
}

/**
 * Reads the tasks of a file, batch by batch, as it arrives. Returns what the file is; throws the problem when it cannot
 * be imported as a whole.
 */
export async function* readTasks(
  source: AsyncIterable<Buffer>,
  options: ReadOptions,
  maxRows: number
): AsyncGenerator<FileBatch, FileReport> {
  checkProject(options.mapping, options.project_id)
  const found = createFindings()
  const ignored = new Set<string>()
  const account = createAccountReader(found, options)
  const reader = createRowReader(found, { ...options, account }, maxRows)
  try {
    for await (const batch of readTable(source, { ...options, account }, found, ignored)) {
      yield { rows: reader.take(batch), ...account.take() }
    }
  } catch (error) {
    // The header is judged before what comes after it.
    reader.judgeHeader()
    throw error
  }
  yield { rows: reader.end(), ...account.take() }
  account.end()
  const { reading, rows_total } = reader.result()
  const layout = finalLayout(reading)
  // The header of JSON lines is ours, and the names of what is ignored come with the lines.
  if (layout !== reading.layout && reading.ids.foreign !== undefined) {
    ignored.add('id')
  }
  const ignored_columns = found.format === 'csv' ? ignoredColumns(layout) : [...ignored]
  const { hasProjects, family } = reading
  return { found, layout, ignored_columns, rows_total, hasProjects, ...family.result() }
}

/** Looks for the header of a file, which some lines about the file may precede. */
function createHeaderReader(found: Findings, { mapping, project_id }: ReadOptions) {
  const before: Cells[] = []
  let layout: Layout | undefined
  return {
    layout: () => layout,
    /** Returns the rows of a batch that are behind the header. */
    pass(batch: Cells[]): Cells[] {
      for (const [i, cells] of batch.entries()) {
        before.push(cells)
        if (!isAboutFile(cells, mapping) || before.length > MAX_LINES_BEFORE_HEADER) {
          const [first = cells] = before
          const own = found.format === 'csv' ? mapping : NO_MAPPING
          const header = isHeaderOfProgram(cells) ? cells : first
          layout = readHeader(header, found, own, project_id === undefined)
          return batch.slice(i + 1)
        }
      }
      return []
    },
    /** Throws what is wrong with what seemed to be no header. */
    judge(): void {
      if (!layout && before[0]) {
        readHeader(before[0], found, mapping)
      }
    }
  }
}

/** Turns rows of cells into tasks: first it looks for the header, then at the first rows, which are held until then. */
function createRowReader(
  found: Findings,
  options: ReadOptions & Pick<ReadingOptions, 'account'>,
  maxRows: number
) {
  const header = createHeaderReader(found, options)
  let reading: Reading | undefined
  let held: Cells[] = []
  let characters = 0
  let row = 0

  const parse = (cells: Cells): NumberedRow => {
    if (++row > maxRows) {
      throw tooManyRows(maxRows)
    }
    return readRow(cells, row, reading as Reading)
  }
  const release = (): NumberedRow[] => {
    reading = createReading(header.layout() as Layout, held, found, options)
    const rows = held.map(parse)
    held = []
    return rows
  }
  return {
    take(batch: Cells[]): NumberedRow[] {
      const rows = header.layout() ? batch : header.pass(batch)
      if (reading) {
        return rows.map(parse)
      }
      held.push(...rows)
      characters += rows.flat<Cells[]>().reduce((sum, cell) => sum + cellText(cell).length, 0)
      return held.length >= LOOK_ROWS || characters >= LOOK_CHARACTERS ? release() : []
    },
    judgeHeader: header.judge,
    end(): NumberedRow[] {
      if (!header.layout()) {
        header.judge()
        throw emptyFile()
      }
      return reading ? [] : release()
    },
    result: () => ({ reading: reading as Reading, rows_total: row })
  }
}

function readRow(cells: Cells, row: number, reading: Reading): NumberedRow {
  const parsed = parseRow(cells, reading)
  if ('task' in parsed) {
    const { task, kept, parent } = parsed
    reading.commented = { row, id: kept.id, project_id: kept.project_id, count: 0 }
    const project = kept.project_id === undefined ? kept.project : null
    const member = { row, cells, title: task.title, id: kept.id, parent, project }
    const comments = numbered(parsed.comments, reading)
    const place = reading.family.place(member)
    if (place.project != null && project === undefined) {
      putInto(kept, place.project, reading)
    }
    return { row, parsed, comments, parent: place.parent }
  }
  if ('skipped' in parsed) {
    return { row, parsed, comments: numbered(parsed.comments, reading) }
  }
  if (parsed.isTask) {
    reading.commented = undefined
  }
  reading.family.passOver(cells)
  return { row, parsed }
}

/** Numbers comments among those on the task that they are on. */
function numbered(comments: RowComment[], { commented }: Reading): CommentsOnRow | undefined {
  if (!commented || comments.length === 0) {
    return undefined
  }
  const first = commented.count + 1
  commented.count += comments.length
  return { on: commented, first, comments }
}

/** Some programs write a few lines about the file before the header. */
const isAboutFile = (cells: Cells, mapping: Mapping): boolean =>
  cells.filter((cell) => !isBlank(cell)).length <= 2 &&
  !cells.map(cellText).some((name) => isKnownColumn(name) || mapping.columns.has(keyOf(name)))

const tooManyRows = (maxRows: number): Problem =>
  new Problem('body_too_large', {
    detail: `The file has more than ${maxRows} rows. Split it.`
  })

const emptyFile = (): Problem =>
  invalidFile(
    'empty',
    'The file is empty: it needs a header such as title,description,status,priority,due_date,tags.'
  )

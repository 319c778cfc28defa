import { Problem } from '../../core/problem.ts'
import { type Cells, cellText, isBlank } from './csv-reader.ts'
import { MAX_LINES_BEFORE_HEADER } from './delimiter.ts'
import { keyOf } from './fields.ts'
import { createFindings, type Findings } from './findings.ts'
import { ignoredColumns, isHeaderOfProgram, type Layout, readHeader } from './header.ts'
import { checkProject, type Mapping, NO_MAPPING } from './mapping.ts'
import { invalidFile } from './problems.ts'
import { createReading, finalLayout, type Reading, type ReadingOptions } from './reading.ts'
import { type ParsedRow, parseRow } from './row-reader.ts'
import { isKnownColumn } from './sources/known-sources.ts'
import { readTable, type TableOptions } from './table.ts'

/** The first rows, which tell what the header leaves open. */
const LOOK_ROWS = 500
const LOOK_CHARACTERS = 262_144

export type ReadOptions = TableOptions & ReadingOptions

/** What a file is, complete when all of its rows have been read. */
export interface FileReport {
  found: Findings
  layout: Layout
  ignored_columns: string[]
  rows_total: number
  /** Whether rows say in which project their tasks are. */
  hasProjects: boolean
}

/** A row by its number: rows count from 1, without the header and without blank ones. */
export type NumberedRow = { row: number; parsed: ParsedRow }

/**
 * Reads the tasks of a file, batch by batch, as it arrives. Returns what the file is; throws the problem when it cannot
 * be imported as a whole.
 */
export async function* readTasks(
  source: AsyncIterable<Buffer>,
  options: ReadOptions,
  maxRows: number
): AsyncGenerator<NumberedRow[], FileReport> {
  checkProject(options.mapping, options.project_id)
  const found = createFindings()
  const ignored = new Set<string>()
  const reader = createRowReader(found, options, maxRows)
  try {
    for await (const batch of readTable(source, options, found, ignored)) {
      yield reader.take(batch)
    }
  } catch (error) {
    // The header is judged before what comes after it.
    reader.judgeHeader()
    throw error
  }
  yield reader.end()
  const { reading, rows_total } = reader.result()
  const layout = finalLayout(reading)
  // The header of JSON lines is ours, and the names of what is ignored come with the lines.
  if (layout !== reading.layout && reading.ids.foreign !== undefined) {
    ignored.add('id')
  }
  const ignored_columns = found.format === 'csv' ? ignoredColumns(layout) : [...ignored]
  return { found, layout, ignored_columns, rows_total, hasProjects: reading.hasProjects }
}

/** Turns rows of cells into tasks: first it looks for the header, then at the first rows, which are held until then. */
function createRowReader(found: Findings, options: ReadOptions, maxRows: number) {
  const { mapping, project_id } = options
  const before: Cells[] = []
  let layout: Layout | undefined
  let reading: Reading | undefined
  let held: Cells[] = []
  let characters = 0
  let row = 0

  /** Returns the rows of a batch that are behind the header. */
  const passHeader = (batch: Cells[]): Cells[] => {
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
  }
  const parse = (cells: Cells): NumberedRow => {
    if (++row > maxRows) {
      throw tooManyRows(maxRows)
    }
    return { row, parsed: parseRow(cells, reading as Reading) }
  }
  const release = (): NumberedRow[] => {
    reading = createReading(layout as Layout, held, found, options)
    const rows = held.map(parse)
    held = []
    return rows
  }
  return {
    take(batch: Cells[]): NumberedRow[] {
      const rows = layout ? batch : passHeader(batch)
      if (reading) {
        return rows.map(parse)
      }
      held.push(...rows)
      characters += rows.flat<Cells[]>().reduce((sum, cell) => sum + cellText(cell).length, 0)
      return held.length >= LOOK_ROWS || characters >= LOOK_CHARACTERS ? release() : []
    },
    judgeHeader(): void {
      if (!layout && before[0]) {
        readHeader(before[0], found, mapping)
      }
    },
    end(): NumberedRow[] {
      if (!layout) {
        this.judgeHeader()
        throw emptyFile()
      }
      return reading ? [] : release()
    },
    result: () => ({ reading: reading as Reading, rows_total: row })
  }
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

import { CsvError, type Parser, parse } from 'csv-parse'
import type { Findings } from './findings.ts'
import { invalidFile, isInvalidText, rowOf, wrongEncoding } from './problems.ts'

/**
 * Null is a cell without content, a quoted empty cell an empty text, undefined no cell at all. Lines of JSON may have a
 * list; null in it is what can be no text.
 */
export type Cell = string | (string | null)[] | null | undefined
/** One row of a file. */
export type Cells = Cell[]
/** A row that is no task, whatever it says. */
export const NO_CELLS: Cells = []

/** Longer than any valid row; an unclosed quote would otherwise read the rest of the file into memory. */
export const MAX_ROW_BYTES = 262_144

/**
 * Reads CSV (RFC 4180 with any delimiter, in UTF-8, any line ends) as it arrives and yields its rows in batches,
 * without blank ones; at most a few are in memory. Throws a problem when the file is not valid CSV.
 */
export async function* readCsv(
  source: AsyncIterable<Buffer>,
  found: Findings
): AsyncGenerator<Cells[]> {
  const { parser, takeBatch, finish, rowsRead } = createParser(found.delimiter)
  try {
    for await (const part of source) {
      try {
        await write(parser, part)
      } finally {
        // Also before an error further down: the header is judged first.
        yield* takeBatch()
      }
      await new Promise((resolve) => {
        setImmediate(resolve)
      })
    }
    await finish()
    yield* takeBatch()
  } catch (error) {
    throw toProblem(error, rowsRead(), found)
  } finally {
    parser.destroy()
  }
}

function createParser(delimiter: string) {
  let batch: Cells[] = []
  let rows = 0
  let failure: Error | undefined
  const parser = parse({
    delimiter,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: MAX_ROW_BYTES,
    record_delimiter: ['\r\n', '\n', '\r'],
    cast: (text, { quoting }) => (text === '' && !quoting ? null : text),
    on_record: (cells: Cells) => {
      if (!cells.every(isBlank)) {
        batch.push(cells)
        rows++
      }
      return null
    }
  }).on('error', (error) => {
    failure = error
  })
  return {
    parser,
    rowsRead: () => rows,
    /** Returns the rows since the last call as one batch, if there are any. */
    takeBatch(): [Cells[]] | [] {
      const taken = batch
      batch = []
      return taken.length > 0 ? [taken] : []
    },
    /** Parses what is left, or throws what is wrong with it. */
    async finish(): Promise<void> {
      await new Promise<void>((resolve) => {
        parser.once('close', resolve)
        parser.end()
        parser.resume()
      })
      if (failure) {
        throw failure
      }
    }
  }
}

const write = (parser: Parser, part: Buffer): Promise<void> =>
  new Promise((resolve, reject) => {
    parser.write(part, (error) => {
      error ? reject(error) : resolve()
    })
  })

/** Returns what a cell says as one text; empty when it says nothing. */
export const cellText = (cell: Cell): string =>
  Array.isArray(cell) ? textOfList(cell) : (cell ?? '')
const textOfList = (list: unknown[]): string => (list.length === 0 ? '' : JSON.stringify(list))
export const isBlank = (cell: Cell): boolean => cellText(cell).trim() === ''

/** Turns an error into a problem. `rows`, the header included, are valid: the next one is not. */
function toProblem(error: unknown, rows: number, { encoding }: Findings): unknown {
  const where = rowOf(rows)
  if (isInvalidText(error)) {
    return wrongEncoding(encoding, where)
  }
  if (!(error instanceof CsvError)) {
    return error
  }
  switch (error.code) {
    case 'CSV_QUOTE_NOT_CLOSED':
      return invalidFile(
        'unterminated_quote',
        `A quote that opens in ${where} is never closed. Write a quote inside a cell twice.`
      )
    case 'CSV_MAX_RECORD_SIZE':
      return invalidFile(
        'row_too_long',
        `A row is longer than ${MAX_ROW_BYTES / 1024} KiB, in ${where}. Is a quote not closed?`
      )
    case 'INVALID_OPENING_QUOTE':
      return invalidFile(
        'stray_quote',
        `A quote is in the middle of a cell, in ${where}. Quote the whole cell and write the quote inside it twice.`
      )
    case 'CSV_INVALID_CLOSING_QUOTE':
      return invalidFile(
        'stray_quote',
        `A closing quote is followed by text, in ${where}. Write a quote inside a cell twice.`
      )
    default:
      return invalidFile('not_csv', `The file cannot be read as CSV, at or soon after ${where}.`)
  }
}

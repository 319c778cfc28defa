import { CsvError, parse } from 'csv-parse'
import { invalidField, type Problem } from '../../core/problem.ts'

/** One row of a file. Null is a cell that holds nothing; a quoted nothing is an empty text. */
export type Cells = (string | null)[]

/** Longer than any row that could be a task; an unclosed quote would otherwise swallow the rest of the file into memory. */
const MAX_ROW_BYTES = 262_144
/** Read in small bites: whoever else is served by this process gets a turn after each. */
const BITE_BYTES = 16_384

/**
 * Reads CSV (RFC 4180, UTF-8 with or without BOM, any line ends) as it arrives and yields its rows in batches, blank
 * ones left out, never holding more than a few of them. Throws a problem at what is no CSV.
 */
export async function* readRows(source: AsyncIterable<Buffer>): AsyncGenerator<Cells[]> {
  let batch: Cells[] = []
  let rows = 0
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const parser = parse({
    bom: true,
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
  })
  let fault: Error | undefined
  parser.on('error', (error) => {
    fault = error
  })
  const taken = (): Cells[] => {
    const full = batch
    batch = []
    return full
  }

  try {
    for await (const chunk of source) {
      for (let at = 0; at < chunk.length; at += BITE_BYTES) {
        const bite = chunk.subarray(at, at + BITE_BYTES)
        decoder.decode(bite, { stream: true })
        await new Promise<void>((resolve, reject) => {
          parser.write(bite, (error) => {
            error ? reject(error) : resolve()
          })
        })
        if (batch.length > 0) {
          yield taken()
        }
        await new Promise((resolve) => {
          setImmediate(resolve)
        })
      }
    }
    decoder.decode()
    await new Promise<void>((resolve) => {
      parser.once('close', resolve)
      parser.end()
      parser.resume()
    })
    if (fault) {
      throw fault
    }
    if (batch.length > 0) {
      yield taken()
    }
  } catch (error) {
    throw asProblem(error, rows)
  } finally {
    parser.destroy()
  }
}

export const isBlank = (cell: string | null): boolean => cell === null || cell.trim() === ''

/** What is wrong with the file as a whole. */
export const invalidFile = (code: string, detail: string): Problem =>
  invalidField('body', '/file', code, detail)

/** `rows` have been read well, the header among them: what comes next is at fault. */
function asProblem(error: unknown, rows: number): unknown {
  const where = rows === 0 ? 'the header' : `row ${rows}`
  if (
    error instanceof TypeError &&
    (error as NodeJS.ErrnoException).code === 'ERR_ENCODING_INVALID_ENCODED_DATA'
  ) {
    return invalidFile(
      'wrong_encoding',
      `The file is not UTF-8, at or soon after ${where}. Save it as CSV in UTF-8.`
    )
  }
  if (!(error instanceof CsvError)) {
    return error
  }
  switch (error.code) {
    case 'CSV_QUOTE_NOT_CLOSED':
      return invalidFile(
        'unterminated_quote',
        `A quote that opens in ${where} is never closed. A quote inside a cell is written twice.`
      )
    case 'CSV_MAX_RECORD_SIZE':
      return invalidFile(
        'row_too_long',
        `${where} is longer than ${MAX_ROW_BYTES / 1024} KiB. Is a quote not closed?`
          .replace(/^t/, 'T')
          .replace(/^r/, 'R')
      )
    case 'INVALID_OPENING_QUOTE':
      return invalidFile(
        'stray_quote',
        `In ${where} a quote stands in the middle of a cell. Put the whole cell in quotes and write the quote inside twice.`
      )
    case 'CSV_INVALID_CLOSING_QUOTE':
      return invalidFile(
        'stray_quote',
        `In ${where} something follows a closing quote. A quote inside a cell is written twice.`
      )
    default:
      return invalidFile('not_csv', `The file cannot be read as CSV, at or soon after ${where}.`)
  }
}

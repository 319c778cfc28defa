import { CsvError, type Parser, parse } from 'csv-parse'
import { invalidField, type Problem } from '../../core/problem.ts'

/** One row of a file. Null is a cell without content; a quoted empty cell is an empty text. */
export type Cells = (string | null)[]

/** Longer than any valid row; an unclosed quote would otherwise read the rest of the file into memory. */
const MAX_ROW_BYTES = 262_144
/** Parsed at a time: other requests of this process are served after each. */
const READ_BYTES = 16_384

/**
 * Reads CSV (RFC 4180, UTF-8 with or without BOM, any line ends) as it arrives and yields its rows in batches, without
 * blank ones; at most a few are in memory. Throws a problem when the file is not valid CSV.
 */
export async function* readRows(source: AsyncIterable<Buffer>): AsyncGenerator<Cells[]> {
  const { parser, takeBatch, finish, rowsRead } = createParser()
  let beginning: string | undefined
  const decoder = new TextDecoder('utf-8', { fatal: true })
  try {
    for await (const chunk of source) {
      for (let at = 0; at < chunk.length; at += READ_BYTES) {
        const part = chunk.subarray(at, at + READ_BYTES)
        decoder.decode(part, { stream: true })
        beginning ??= part.toString('latin1')
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
    }
    decoder.decode()
    await finish()
    yield* takeBatch()
  } catch (error) {
    throw toProblem(error, rowsRead(), beginning)
  } finally {
    parser.destroy()
  }
}

function createParser() {
  let batch: Cells[] = []
  let rows = 0
  let failure: Error | undefined
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

const SEPARATORS = [
  [';', 'semicolons'],
  ['\t', 'tabs'],
  ['|', 'bars']
] as const
/** Returns what separates cells instead of commas, in words. */
export const separatorIn = (text: string): string | undefined =>
  SEPARATORS.find(([sign]) => text.includes(sign))?.[1]

export const isBlank = (cell: string | null): boolean => cell === null || cell.trim() === ''

/** A problem of the file as a whole. */
export const invalidFile = (code: string, detail: string): Problem =>
  invalidField('body', '/file', code, detail)

/** Turns an error into a problem. `rows`, the header included, are valid: the next one is not. */
function toProblem(error: unknown, rows: number, beginning = ''): unknown {
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
  const [header = ''] = beginning.split(/[\r\n]/, 1)
  const separator = rows === 0 && !header.includes(',') ? separatorIn(header) : undefined
  if (separator) {
    return invalidFile(
      'missing_column',
      `The cells of the header are separated by ${separator}, and commas are needed.`
    )
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

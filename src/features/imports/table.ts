import type { AccountReader } from './account-reader.ts'
import { type Cells, readCsv } from './csv-reader.ts'
import { findDelimiter } from './delimiter.ts'
import { decodeToUtf8 } from './encoding.ts'
import { keyOf } from './fields.ts'
import type { FileEncoding } from './file.schema.ts'
import type { Findings } from './findings.ts'
import { readJsonLines } from './json-lines-reader.ts'
import type { Mapping } from './mapping.ts'
import { invalidFile } from './problems.ts'
import { isKnownColumn } from './sources/known-sources.ts'

/** The beginning of a file, which tells its format and delimiter. */
const LOOK_BYTES = 65_536

/** How the sender says that the file is written. */
export interface TableOptions {
  encoding?: FileEncoding | undefined
  mapping: Mapping
  /** The project that all tasks go into, whatever the file says. */
  project_id?: string | undefined
  account: AccountReader
}

/**
 * Reads a file as rows of cells in batches, whatever its encoding, format and delimiter, and tells what these are. The
 * first row is the header of a file of JSON lines; of CSV it may be a line about the file.
 */
export async function* readTable(
  source: AsyncIterable<Buffer>,
  { encoding, mapping, project_id, account }: TableOptions,
  found: Findings,
  ignored: Set<string>
): AsyncGenerator<Cells[]> {
  const { beginning, whole } = await lookAhead(decodeToUtf8(source, found, encoding))
  if (isJson(beginning)) {
    found.format = 'json_lines'
    yield* readJsonLines(whole, found, {
      mapping,
      ignored,
      account,
      takesProjects: project_id === undefined
    })
    return
  }
  const isKnown = (name: string) => isKnownColumn(name) || mapping.columns.has(keyOf(name.trim()))
  const { delimiter, skip } = findDelimiter(beginning, isKnown)
  found.delimiter = delimiter
  yield* readCsv(withoutFirst(Buffer.byteLength(beginning.slice(0, skip)), whole), found)
}

function isJson(beginning: string): boolean {
  const [first] = beginning.trimStart()
  if (first === '[') {
    throw invalidFile(
      'wrong_type',
      'The file is a JSON array. Send CSV, or JSON lines: an object for each task, on a line of its own.'
    )
  }
  return first === '{'
}

/** Reads the beginning of a file and returns it with the whole; an error that comes early is thrown after it. */
async function lookAhead(
  parts: AsyncGenerator<Buffer>
): Promise<{ beginning: string; whole: AsyncGenerator<Buffer> }> {
  const taken: Buffer[] = []
  let failure: unknown
  try {
    for (let bytes = 0; bytes < LOOK_BYTES; ) {
      const { value, done } = await parts.next()
      if (done) {
        break
      }
      taken.push(value)
      bytes += value.length
    }
  } catch (error) {
    failure = error
  }
  async function* whole() {
    yield* taken
    if (failure !== undefined) {
      throw failure
    }
    yield* parts
  }
  return { beginning: new TextDecoder().decode(Buffer.concat(taken)), whole: whole() }
}

async function* withoutFirst(bytes: number, parts: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  let left = bytes
  for await (const part of parts) {
    yield part.subarray(left)
    left = Math.max(0, left - part.length)
  }
}

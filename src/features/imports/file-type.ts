import { MAX_COLUMN_NAME } from './file.schema.ts'
import { invalidFile, printable } from './problems.ts'

/** With one of these types a file need not have a name that tells: generated clients call everything `blob`. */
const CSV_TYPES = [
  'text/csv',
  'application/csv',
  'text/x-csv',
  'application/x-csv',
  'text/comma-separated-values',
  'text/x-comma-separated-values',
  'text/tab-separated-values',
  // What Windows calls CSV where Excel is installed; workbooks are told by their first bytes.
  'application/vnd.ms-excel',
  'application/vnd.msexcel',
  'application/excel'
]
const JSON_LINES_TYPES = [
  'text/x-ndjson',
  'application/x-ndjson',
  'application/ndjson',
  'application/jsonl',
  'application/x-jsonlines',
  'application/json-lines'
]
const BINARY_TYPE = 'application/octet-stream'
const TYPES = new Set(['', ...CSV_TYPES, ...JSON_LINES_TYPES, BINARY_TYPE])
/** The type of a part that names none, and of a text that a program sends as it is. */
const DEFAULT_TYPE = 'text/plain'
/** What a file that is the whole body of a request may be called. */
export const FILE_TYPES = [...CSV_TYPES, ...JSON_LINES_TYPES, BINARY_TYPE, DEFAULT_TYPE]
const NAMES = /\.(csv|tsv|jsonl|ndjson)$/i

/** Throws unless the name or the type of a file says that it holds tasks. */
export function checkFileType(name: string, mimetype: string): void {
  const type = (mimetype.split(';')[0] as string).trim().toLowerCase()
  if (NAMES.test(name) || TYPES.has(type) || (type === DEFAULT_TYPE && !name.includes('.'))) {
    return
  }
  const shown = printable(name, MAX_COLUMN_NAME) || 'one without a name'
  throw invalidFile(
    'wrong_type',
    'file must be CSV or JSON lines: its name must end in .csv or .jsonl or its type be text/csv, ' +
      `and ${shown} of the type ${printable(mimetype, MAX_COLUMN_NAME)} is neither.`
  )
}

const DEFAULT_NAME = 'tasks.csv'

/** Returns the file name that a header Content-Disposition gives, in either form of RFC 6266. */
export function fileNameOf(disposition: string | undefined): string {
  const text = disposition ?? ''
  const encoded = /filename\*=utf-8''([^;\s]+)/i.exec(text)?.[1]
  const plain = /filename="?([^";]+)"?/i.exec(text)?.[1]
  return decoded(encoded) ?? plain?.trim() ?? DEFAULT_NAME
}

function decoded(text: string | undefined): string | undefined {
  try {
    return text && decodeURIComponent(text)
  } catch {
    return undefined
  }
}

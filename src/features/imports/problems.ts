import { invalidField, type Problem } from '../../core/problem.ts'
import type { FileEncoding } from './file.schema.ts'

/** A problem of the file as a whole. */
export const invalidFile = (code: string, detail: string): Problem =>
  invalidField('body', '/file', code, detail)

/** Returns whether an error says that bytes are not of the encoding that they were read as. */
export const isInvalidText = (error: unknown): boolean =>
  error instanceof TypeError &&
  (error as NodeJS.ErrnoException).code === 'ERR_ENCODING_INVALID_ENCODED_DATA'

/** The problem of a file that is not of the encoding that it was read as. */
export const wrongEncoding = (encoding: FileEncoding, where: string): Problem =>
  invalidFile(
    'wrong_encoding',
    `The file is not ${ENCODING_NAMES[encoding] ?? encoding}, at or soon after ${where}. ` +
      'Save it in UTF-8, or name its encoding in the parameter encoding.'
  )

const ENCODING_NAMES: Partial<Record<FileEncoding, string>> = {
  utf_8: 'UTF-8',
  utf_16le: 'UTF-16',
  utf_16be: 'UTF-16',
  windows_1252: 'Windows-1252'
}

/** Says in a sentence where a file is wrong, by the number of rows before; `first` is what is behind none. */
export const rowOf = (rowsRead: number, first = 'the header'): string =>
  rowsRead === 0 ? first : `row ${rowsRead}`

/** Returns a name in a form that can be stored and shown: one line without control characters, of bounded length. */
export const printable = (name: string, maxLength: number): string =>
  name
    .replace(/[\x00-\x1f\x7f-\x9f]+/g, ' ')
    .slice(0, maxLength)
    .toWellFormed()

/** Returns the beginning of a value, in whole characters that can be stored. */
export function beginningOf(value: string, maxLength: number): string {
  return [...value.slice(0, maxLength * 2)]
    .slice(0, maxLength)
    .join('')
    .replaceAll('\0', '\ufffd')
    .toWellFormed()
}

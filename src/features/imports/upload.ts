import type { Multipart, MultipartFile } from '@fastify/multipart'
import type { FastifyError, FastifyRequest } from 'fastify'
import { invalidField, Problem } from '../../core/problem.ts'
import { closestName } from '../../lib/did-you-mean.ts'
import { invalidFile } from './csv-reader.ts'
import { rejectOtherFormats } from './file-formats.ts'
import { printable } from './header.ts'

/** With one of these types a file need not be named .csv: generated clients call everything `blob`. */
const CSV_TYPES = new Set([
  '',
  'text/csv',
  'application/csv',
  'text/x-csv',
  'application/x-csv',
  'text/comma-separated-values',
  'text/x-comma-separated-values',
  'application/octet-stream'
])
/** The type of a part that names none. */
const DEFAULT_TYPE = 'text/plain'
/** For the headers of a form and its parts. */
const FORM_BYTES = 65_536
const MAX_FIELDS = 10
const MAX_FIELD_BYTES = 1000

export interface Upload {
  file_name: string
  source: AsyncIterable<Buffer>
}

interface Receiver<T> {
  maxBytes: number
  /** Reads the file as it arrives. */
  accept: (upload: Upload) => Promise<T>
  /** Undoes `accept` when the form turns out to be invalid after the file. */
  undo: (accepted: T) => Promise<void>
}

/**
 * Finds the one file of a form and hands it to `accept`. The rest of a rejected form is read and dropped, so that its
 * sender receives the response.
 */
export async function readUpload<T>(
  request: FastifyRequest,
  { maxBytes, accept, undo }: Receiver<T>
): Promise<T> {
  if (!request.isMultipart()) {
    throw new Problem('unsupported_media_type', {
      detail: 'Send the file as multipart/form-data, in the field file.'
    })
  }
  if (Number(request.headers['content-length']) > maxBytes + FORM_BYTES) {
    throw tooLarge(maxBytes)
  }
  const parts = request.parts({
    limits: { fileSize: maxBytes, fields: MAX_FIELDS, fieldSize: MAX_FIELD_BYTES, files: 2 }
  })
  let accepted: T | undefined
  try {
    for await (const part of withProblems(parts, maxBytes)) {
      // A part may have no name, whatever its type says.
      if (part.fieldname !== 'file') {
        throw unknownField(part.fieldname ?? '')
      }
      if (accepted !== undefined) {
        throw invalidField('body', '/file', 'given_twice', 'Send one file at a time.')
      }
      accepted = await accept(fileOf(part, maxBytes))
    }
    if (accepted === undefined) {
      throw invalidField(
        'body',
        '/file',
        'required',
        'file is required: send the CSV file in a field with this name.'
      )
    }
    return accepted
  } catch (error) {
    if (accepted !== undefined) {
      await undo(accepted)
    }
    request.raw.unpipe()
    request.raw.resume()
    throw error
  }
}

function fileOf(part: Multipart, maxBytes: number): Upload {
  if (part.type !== 'file') {
    throw invalidFile('wrong_type', 'file must be a file, such as tasks.csv, not a text.')
  }
  const { filename = '', mimetype = '', file } = part
  if (!isNamedOrTypedCsv(filename, (mimetype.split(';')[0] as string).trim().toLowerCase())) {
    throw invalidFile(
      'wrong_type',
      'file must be a CSV file: its name must end in .csv or its type be text/csv, ' +
        `and ${printable(filename) || 'one without a name'} of the type ${printable(mimetype)} is neither.`
    )
  }
  return { file_name: filename, source: rejectOtherFormats(checkComplete(file, maxBytes)) }
}

const isNamedOrTypedCsv = (name: string, type: string): boolean =>
  /\.csv$/i.test(name) || CSV_TYPES.has(type) || (type === DEFAULT_TYPE && !name.includes('.'))

/** Throws at the end of a truncated file: one that is too large merely ends early, perhaps in the middle of a cell. */
async function* checkComplete(
  file: MultipartFile['file'],
  maxBytes: number
): AsyncGenerator<Buffer> {
  yield* withProblems(file, maxBytes)
  if (file.truncated) {
    throw tooLarge(maxBytes)
  }
}

/** Turns the errors of the form parser into problems. */
async function* withProblems<T>(source: AsyncIterable<T>, maxBytes: number): AsyncGenerator<T> {
  try {
    yield* source
  } catch (error) {
    if ((error as FastifyError).code === 'FST_REQ_FILE_TOO_LARGE') {
      throw tooLarge(maxBytes)
    }
    if ((error as FastifyError).statusCode === 413) {
      throw new Problem('invalid_request', {
        detail: 'The form has too many fields. Send only the file, in the field file.',
        cause: error
      })
    }
    throw new Problem('malformed_request', {
      detail: 'The form is not valid multipart/form-data, or it is incomplete.',
      cause: error
    })
  }
}

const tooLarge = (maxBytes: number): Problem =>
  new Problem('body_too_large', {
    detail: `The file has more than ${maxBytes} bytes. Split it.`
  })

function unknownField(name: string): Problem {
  const field = printable(name)
  const hint = closestName(field, ['file'])
    ? '; did you mean file?'
    : ': send the file in the field file, and options in the query.'
  return invalidField(
    'body',
    `/${field}`,
    'unknown_field',
    `${field || 'A field without a name'} is not known here${hint}`
  )
}

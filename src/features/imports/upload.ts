import type { Multipart, MultipartFile } from '@fastify/multipart'
import type { FastifyError, FastifyRequest } from 'fastify'
import { invalidField, Problem } from '../../core/problem.ts'
import { closestName } from '../../lib/did-you-mean.ts'
import { printable } from './columns.ts'
import { invalidFile } from './csv-reader.ts'

/** What browsers and programs call a CSV file; Windows calls it what opens it. */
const CSV_TYPES = new Set([
  '',
  'text/csv',
  'application/csv',
  'text/x-csv',
  'text/plain',
  'application/vnd.ms-excel',
  'application/octet-stream'
])
/** For the headers of a form and its parts. */
const FORM_BYTES = 65_536
const MAX_FIELDS = 10
const MAX_FIELD_BYTES = 1000

export interface Upload {
  file_name: string
  source: AsyncIterable<Buffer>
}

/**
 * Finds the one file of a form and hands it, as it arrives, to `take`; what `take` made is given to `undo` when the
 * form turns out to be wrong after the file. The rest of a refused form is read and forgotten, so that its sender
 * gets to hear why.
 */
export async function readUpload<T>(
  request: FastifyRequest,
  { maxBytes }: { maxBytes: number },
  take: (upload: Upload) => Promise<T>,
  undo: (taken: T) => Promise<void>
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
  let taken: T | undefined
  try {
    for await (const part of refusing(parts, maxBytes)) {
      // Whatever its type says, a part without a name has none.
      if (part.fieldname !== 'file') {
        throw unknownField(part.fieldname ?? '')
      }
      if (taken !== undefined) {
        throw invalidField('body', '/file', 'given_twice', 'Send one file at a time.')
      }
      taken = await take(fileOf(part, maxBytes))
    }
    if (taken === undefined) {
      throw invalidField(
        'body',
        '/file',
        'required',
        'file is required: send the CSV file in a field of this name.'
      )
    }
    return taken
  } catch (error) {
    if (taken !== undefined) {
      await undo(taken)
    }
    request.raw.unpipe()
    request.raw.resume()
    throw error
  }
}

function fileOf(part: Multipart, maxBytes: number): Upload {
  if (part.type !== 'file') {
    throw invalidFile(
      'wrong_type',
      'file must be a file with a name that ends in .csv, not a text.'
    )
  }
  const { filename = '', mimetype = '', file } = part as MultipartFile
  if (!/\.csv$/i.test(filename)) {
    throw invalidFile(
      'wrong_type',
      `file must be a CSV file: its name must end in .csv, and ${printable(filename) || 'it has none'} does not.`
    )
  }
  if (!CSV_TYPES.has((mimetype.split(';')[0] as string).trim().toLowerCase())) {
    throw invalidFile(
      'wrong_type',
      `file must be of the type text/csv, not ${printable(mimetype)}.`
    )
  }
  return { file_name: filename, source: whole(file, maxBytes) }
}

/** A file that is too large merely ends early, perhaps in the middle of a cell. */
async function* whole(file: MultipartFile['file'], maxBytes: number): AsyncGenerator<Buffer> {
  yield* refusing(file as AsyncIterable<Buffer>, maxBytes)
  if (file.truncated) {
    throw tooLarge(maxBytes)
  }
}

/** What the parser of forms throws is the fault of the form. */
async function* refusing<T>(source: AsyncIterable<T>, maxBytes: number): AsyncGenerator<T> {
  try {
    yield* source
  } catch (error) {
    if ((error as FastifyError).code === 'FST_REQ_FILE_TOO_LARGE') {
      throw tooLarge(maxBytes)
    }
    if ((error as FastifyError).statusCode === 413) {
      throw new Problem('invalid_request', {
        detail: 'The form has too many fields. Send the file alone, in the field file.',
        cause: error
      })
    }
    throw new Problem('malformed_request', {
      detail: 'The form is not valid multipart/form-data, or it broke off.',
      cause: error
    })
  }
}

const tooLarge = (maxBytes: number): Problem =>
  new Problem('body_too_large', { detail: `The file may have ${maxBytes} bytes. Split it.` })

function unknownField(name: string): Problem {
  const field = printable(name)
  return invalidField(
    'body',
    `/${field}`,
    'unknown_field',
    `${field || 'A nameless field'} is not known here${closestName(field, ['file']) ? '; did you mean file?' : ': the file belongs in the field file, and switches into the query.'}`
  )
}

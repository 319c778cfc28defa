import type { Multipart, MultipartFile } from '@fastify/multipart'
import type { FastifyError } from 'fastify'
import { invalidField, Problem } from '../../core/problem.ts'
import { closestName } from '../../lib/did-you-mean.ts'
import { MAX_COLUMN_NAME, MAX_MAPPING } from './file.schema.ts'
import { rejectOtherFormats } from './file-formats.ts'
import { checkFileType } from './file-type.ts'
import { type Mapping, NO_MAPPING, parseMapping } from './mapping.ts'
import { invalidFile, printable } from './problems.ts'

/** How much of a file is held until the fields behind it have arrived. */
const HELD_BYTES = 65_536

export interface Upload {
  file_name: string
  source: AsyncIterable<Buffer>
  mapping: Mapping
}

/** Collects the parts of a form, which may come in any order if the file is small. */
export function createForm(said: Mapping, maxBytes: number) {
  let file: Omit<Upload, 'mapping'> | undefined
  let mapping = said
  let isHeld = true
  return {
    /** Takes the file; returns true when it is too large to be held until the other fields have arrived. */
    async addFile(part: Multipart): Promise<boolean> {
      // A part may have no name, whatever its type says.
      if (part.fieldname !== 'file') {
        throw unknownField(part.fieldname ?? '')
      }
      if (file !== undefined) {
        throw invalidField('body', '/file', 'given_twice', 'Send one file at a time.')
      }
      const { file_name, source } = fileOf(part, maxBytes)
      const held = await hold(source)
      isHeld = held.isWhole
      file = { file_name, source: held.source }
      return !isHeld
    },
    addMapping(part: Multipart): void {
      if (!isHeld) {
        throw invalidField(
          'body',
          '/mapping',
          'too_late',
          'mapping must stand before a file of this size; it can also be a parameter of the query.'
        )
      }
      if (mapping !== NO_MAPPING) {
        throw invalidField('body', '/mapping', 'given_twice', 'Send mapping once.')
      }
      mapping = parseMapping(textOfPart(part), 'body')
    },
    upload(): Upload {
      if (!file) {
        throw missingFile()
      }
      return { ...file, mapping }
    }
  }
}

function textOfPart(part: Multipart): string {
  if (part.type === 'file' || typeof part.value !== 'string' || part.valueTruncated) {
    throw invalidField(
      'body',
      '/mapping',
      'malformed',
      `mapping must be a text of at most ${MAX_MAPPING} characters.`
    )
  }
  return part.value
}

/** Reads a file up to a size and returns it with whether that is all of it. */
async function hold(
  source: AsyncGenerator<Buffer>
): Promise<{ source: AsyncGenerator<Buffer>; isWhole: boolean }> {
  const held: Buffer[] = []
  let isWhole = false
  for (let bytes = 0; bytes <= HELD_BYTES && !isWhole; ) {
    const { value, done } = await source.next()
    if (done) {
      isWhole = true
    } else {
      held.push(value)
      bytes += value.length
    }
  }
  async function* all() {
    yield* held
    yield* source
  }
  return { source: all(), isWhole }
}

function fileOf(part: Multipart, maxBytes: number) {
  if (part.type !== 'file') {
    throw invalidFile('wrong_type', 'file must be a file, such as tasks.csv, not a text.')
  }
  const { filename = '', mimetype = '', file } = part
  checkFileType(filename, mimetype)
  return { file_name: filename, source: rejectOtherFormats(checkComplete(file, maxBytes)) }
}

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
export async function* withProblems<T>(
  source: AsyncIterable<T>,
  maxBytes: number
): AsyncGenerator<T> {
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

export const tooLarge = (maxBytes: number): Problem =>
  new Problem('body_too_large', {
    detail: `The file has more than ${maxBytes} bytes. Split it.`
  })

export const missingFile = (): Problem =>
  invalidField(
    'body',
    '/file',
    'required',
    'file is required: send the file in a field with this name, or a CSV as the body.'
  )

function unknownField(name: string): Problem {
  const field = printable(name, MAX_COLUMN_NAME)
  const closest = closestName(field, ['file', 'mapping'])
  const hint = closest
    ? `; did you mean ${closest}?`
    : ': send the file in the field file, and options in the query.'
  return invalidField(
    'body',
    `/${field}`,
    'unknown_field',
    `${field || 'A field without a name'} is not known here${hint}`
  )
}

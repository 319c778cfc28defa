import { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import { Problem } from '../../core/problem.ts'
import { MAX_MAPPING } from './file.schema.ts'
import { rejectOtherFormats } from './file-formats.ts'
import { fileNameOf } from './file-type.ts'
import { type Mapping, NO_MAPPING, parseMapping } from './mapping.ts'
import { createForm, missingFile, tooLarge, type Upload, withProblems } from './upload-form.ts'

/** For the headers of a form and its parts. */
const FORM_BYTES = 65_536
const MAX_FIELDS = 10

interface Receiver<T> {
  maxBytes: number
  /** What the query says of the columns; a form may say it as well. */
  mapping: string | undefined
  /** Reads the file as it arrives. */
  accept: (upload: Upload) => Promise<T>
  /** Undoes `accept` when the form turns out to be invalid after the file. */
  undo: (accepted: T) => Promise<void>
}

/**
 * Finds the one file of a request, in a form or as the whole body, and hands it to `accept`. The rest of a rejected
 * request is read and dropped, so that its sender receives the response.
 */
export async function readUpload<T>(request: FastifyRequest, receiver: Receiver<T>): Promise<T> {
  const { maxBytes, mapping } = receiver
  const allowed = request.isMultipart() ? maxBytes + FORM_BYTES : maxBytes
  if (Number(request.headers['content-length']) > allowed) {
    throw tooLarge(maxBytes)
  }
  // A request that is rejected early must stay open, so that its sender receives the response.
  const chunks =
    request.body instanceof Readable ? request.body.iterator({ destroyOnReturn: false }) : undefined
  try {
    const said = mapping === undefined ? NO_MAPPING : parseMapping(mapping, 'query')
    return request.isMultipart()
      ? await readForm(request, receiver, said)
      : await receiver.accept({ ...plainFile(request, chunks, maxBytes), mapping: said })
  } catch (error) {
    await chunks?.return?.()
    request.raw.unpipe()
    request.raw.resume()
    throw error
  }
}

/** The file as the body of the request. */
function plainFile(
  { body, headers }: FastifyRequest,
  chunks: AsyncIterable<Buffer> | undefined,
  maxBytes: number
): Omit<Upload, 'mapping'> {
  if (body === undefined || body === null) {
    throw missingFile()
  }
  if (!chunks) {
    throw new Problem('unsupported_media_type', {
      detail: 'Send the file as multipart/form-data, in the field file, or as text/csv.'
    })
  }
  const source = rejectOtherFormats(checkLength(chunks, maxBytes))
  return { file_name: fileNameOf(headers['content-disposition']), source }
}

async function* checkLength(
  chunks: AsyncIterable<Buffer>,
  maxBytes: number
): AsyncGenerator<Buffer> {
  let bytes = 0
  for await (const chunk of chunks) {
    bytes += chunk.length
    if (bytes > maxBytes) {
      throw tooLarge(maxBytes)
    }
    yield chunk
  }
}

/** Reads a form whose fields may come in any order, if its file is small. */
async function readForm<T>(
  request: FastifyRequest,
  { maxBytes, accept, undo }: Receiver<T>,
  said: Mapping
): Promise<T> {
  const limits = { fileSize: maxBytes, fields: MAX_FIELDS, fieldSize: MAX_MAPPING, files: 2 }
  const form = createForm(said, maxBytes)
  let accepted: { result: T } | undefined
  try {
    for await (const part of withProblems(request.parts({ limits }), maxBytes)) {
      if (part.fieldname === 'mapping') {
        form.addMapping(part)
      } else if (await form.addFile(part)) {
        accepted = { result: await accept(form.upload()) }
      }
    }
    accepted ??= { result: await accept(form.upload()) }
    return accepted.result
  } catch (error) {
    if (accepted) {
      await undo(accepted.result)
    }
    throw error
  }
}

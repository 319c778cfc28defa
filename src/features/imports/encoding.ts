import type { FileEncoding } from './file.schema.ts'
import type { Findings } from './findings.ts'

/** Parsed at a time: other requests of this process are served after each. */
const PART_BYTES = 16_384
/** What shows UTF-16 without a mark: every other byte of Latin text is zero. */
const LOOK_BYTES = 4096
const MIN_ZERO_SHARE = 0.1

const MARKS: [bytes: number[], encoding: FileEncoding][] = [
  [[0xef, 0xbb, 0xbf], 'utf_8'],
  [[0xff, 0xfe], 'utf_16le'],
  [[0xfe, 0xff], 'utf_16be']
]

/**
 * Passes a file on in UTF-8 without byte order mark, in small parts. The encoding is the given one, else that of the
 * mark, else what the bytes show: UTF-16 by its zeros, UTF-8 where the first letter beyond ASCII is valid UTF-8, and
 * otherwise Windows-1252, which is a guess and told as one. Throws when the bytes are not of the encoding.
 */
export async function* decodeToUtf8(
  source: AsyncIterable<Buffer>,
  found: Findings,
  given: FileEncoding | undefined
): AsyncGenerator<Buffer> {
  const parts = partsOf(source)
  const start = await takeStart(parts)
  const [mark, marked] = MARKS.find(([bytes]) => bytes.every((byte, i) => start[i] === byte)) ?? []
  const encoding = given ?? marked ?? utf16Of(start)
  const rest = continueWith(
    start.subarray(given && given !== marked ? 0 : (mark?.length ?? 0)),
    parts
  )
  if (encoding) {
    found.encoding = encoding
    yield* decode(rest, encoding)
  } else {
    yield* decodeByFirstLetter(rest, found)
  }
}

/** ASCII is the same in UTF-8 and Windows-1252: the first letter beyond it decides. */
async function* decodeByFirstLetter(
  parts: AsyncGenerator<Buffer>,
  found: Findings
): AsyncGenerator<Buffer> {
  found.encoding = 'utf_8'
  for await (let part of parts) {
    const at = part.findIndex((byte) => byte >= 0x80)
    if (at < 0) {
      yield part
      continue
    }
    if (part.length < at + 4) {
      part = Buffer.concat([part, await takeStart(parts, 4)])
    }
    if (!startsLikeUtf8(part.subarray(at, at + 4))) {
      found.encoding = 'windows_1252'
      found.warn(
        'encoding_assumed',
        'The file is not UTF-8 and names no encoding; it was read as Windows-1252. ' +
          'If letters look wrong, repeat the import with encoding.'
      )
    }
    yield* decode(continueWith(part, parts), found.encoding)
    return
  }
}

/** Returns whether these bytes begin with a letter in UTF-8, or with what the end of the file has cut off one. */
function startsLikeUtf8(bytes: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, lengthOf(bytes[0] ?? 0)), {
      stream: true
    })
    return true
  } catch {
    return false
  }
}

/** How many bytes a letter of UTF-8 has, by its first. */
function lengthOf(first: number): number {
  if (first >= 0xf0) {
    return 4
  }
  return first >= 0xe0 ? 3 : 2
}

function utf16Of(start: Buffer): FileEncoding | undefined {
  const bytes = start.subarray(0, LOOK_BYTES)
  const zeros = [0, 0]
  for (const [i, byte] of bytes.entries()) {
    if (byte === 0) {
      zeros[i % 2] = (zeros[i % 2] as number) + 1
    }
  }
  const [even = 0, odd = 0] = zeros
  const least = Math.max(2, (bytes.length / 2) * MIN_ZERO_SHARE)
  if (even === 0 && odd >= least) {
    return 'utf_16le'
  }
  return odd === 0 && even >= least ? 'utf_16be' : undefined
}

async function* decode(
  parts: AsyncIterable<Buffer>,
  encoding: FileEncoding
): AsyncGenerator<Buffer> {
  const decoder = new TextDecoder(encoding.replaceAll('_', '-'), { fatal: true })
  for await (const part of parts) {
    const text = decoder.decode(part, { stream: true })
    yield encoding === 'utf_8' ? part : Buffer.from(text)
  }
  const end = decoder.decode()
  if (end !== '') {
    yield Buffer.from(end)
  }
}

async function* partsOf(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; at += PART_BYTES) {
      yield chunk.subarray(at, at + PART_BYTES)
    }
  }
}

/** Takes at least so many bytes, or all that there are. */
async function takeStart(parts: AsyncGenerator<Buffer>, least = LOOK_BYTES): Promise<Buffer> {
  const taken: Buffer[] = []
  for (let bytes = 0; bytes < least; ) {
    const { value, done } = await parts.next()
    if (done) {
      break
    }
    taken.push(value)
    bytes += value.length
  }
  return Buffer.concat(taken)
}

async function* continueWith(start: Buffer, parts: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  yield* partsOf(
    (async function* () {
      yield start
    })()
  )
  yield* parts
}

import { Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'

export interface TextStreamLimits {
  /** The most that is handed over at once; other work has a turn after each chunk. */
  chunkBytes: number
  /** How long the reader may leave a chunk unread. */
  stallMs: number
}

/** For a file of any length: a reader that takes less than a chunk in this time gives its place to another. */
export const FILE_LIMITS: TextStreamLimits = { chunkBytes: 262_144, stallMs: 30_000 }

/** The reader has left a chunk unread for too long. */
export class StalledReaderError extends Error {}

/** Streams text in UTF-8 as it is read; destroys the stream when the reader stalls, and then asks for no more text. */
export function streamText(source: AsyncIterable<string>, limits: TextStreamLimits): Readable {
  const { chunkBytes, stallMs } = limits
  const onStall = () => {
    stream.destroy(new StalledReaderError('the reader does not read'))
  }
  async function* chunks() {
    for await (const text of source) {
      const bytes = Buffer.from(text)
      for (let start = 0; start < bytes.length; start += chunkBytes) {
        const timer = setTimeout(onStall, stallMs)
        try {
          yield bytes.subarray(start, start + chunkBytes)
        } finally {
          clearTimeout(timer)
        }
        await nextTurn()
      }
    }
  }
  const stream = Readable.from(chunks(), { objectMode: false })
  return stream
}

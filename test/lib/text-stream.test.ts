import { once } from 'node:events'
import { buffer } from 'node:stream/consumers'
import t from 'tap'
import { StalledReaderError, streamText } from '../../src/lib/text-stream.ts'

async function* piecesOf(...pieces: string[]) {
  yield* pieces
}

t.test('a stream has the whole text, in chunks of a bounded size', async (t) => {
  const text = 'größe €'.repeat(1000)
  const limits = { chunkBytes: 100, stallMs: 60_000 }
  const sizes: number[] = []
  for await (const chunk of streamText(piecesOf(text, '', 'end'), limits)) {
    sizes.push(chunk.length)
  }
  t.ok(Math.max(...sizes) <= 100)
  t.equal((await buffer(streamText(piecesOf(text, '', 'end'), limits))).toString(), `${text}end`)
})

t.test('other work has a turn between two chunks', async (t) => {
  let turns = 0
  let isOver = false
  const count = () => {
    turns++
    if (!isOver) {
      setImmediate(count)
    }
  }
  setImmediate(count)
  await buffer(streamText(piecesOf('x'.repeat(1000)), { chunkBytes: 10, stallMs: 60_000 }))
  isOver = true
  t.ok(turns >= 99, `${turns} turns`)
})

t.test('a reader that does not read ends the stream, and no more text is asked for', async (t) => {
  let asked = 0
  let isClosed = false
  const source = async function* () {
    try {
      for (;;) {
        asked++
        yield 'x'.repeat(100_000)
      }
    } finally {
      isClosed = true
    }
  }
  const stream = streamText(source(), { chunkBytes: 65_536, stallMs: 10 })
  stream.read(0)
  const [error] = await once(stream, 'error')
  t.ok(error instanceof StalledReaderError)
  if (!stream.closed) {
    await once(stream, 'close')
  }
  t.equal(asked, 1)
  t.ok(isClosed)
})

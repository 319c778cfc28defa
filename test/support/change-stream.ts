import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import type { Test } from 'tap'
import type { Change } from '../../src/features/changes/schema.ts'
import { contractViolations } from './contract.ts'
import { waitUntil } from './wait-until.ts'

/** An event as a client of Server-Sent Events sees it. */
export interface StreamEvent {
  id: string
  event: string
  change: Change
}

/** Opens a stream and reads it in the background until it ends or the test does. */
export async function openStream(t: Test, url: string, headers: Record<string, string> = {}) {
  // A connection of its own: fetch opens others in advance, for which a server that closes waits.
  const request = get(url, { headers, agent: false })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  const close = () => void request.destroy()
  t.teardown(close)
  await holdAgainstContract(t, url, response)
  const events: StreamEvent[] = []
  const state = { lastId: '', text: '', isOver: false }
  const ended = read(response, state, events)
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    events,
    state,
    close,
    ended,
    /** Waits for as many events. */
    has: (count: number) => waitUntil(`${count} events`, () => events.length >= count),
    /** Waits until the stream has begun, so that what follows is in it. */
    begun: () => waitUntil('the first id', () => state.lastId !== '')
  }
}

/** A refusal is read to its end; what a stream sends is for those who opened it. */
async function holdAgainstContract(t: Test, url: string, response: IncomingMessage): Promise<void> {
  const { statusCode = 0, headers } = response
  const body = statusCode < 400 ? '' : (await response.setEncoding('utf8').toArray()).join('')
  const { pathname } = new URL(url)
  t.strictSame(contractViolations('GET', pathname, { statusCode, headers, body } as never), [])
}

async function read(
  response: IncomingMessage,
  state: { lastId: string; text: string; isOver: boolean },
  events: StreamEvent[]
): Promise<void> {
  try {
    for await (const chunk of response.setEncoding('utf8')) {
      state.text += chunk
      for (let end = state.text.indexOf('\n\n'); end >= 0; end = state.text.indexOf('\n\n')) {
        take(state.text.slice(0, end), state, events)
        state.text = state.text.slice(end + 2)
      }
    }
  } catch {
    // The test has closed it.
  }
  state.isOver = true
}

function take(frame: string, state: { lastId: string }, events: StreamEvent[]): void {
  const fields = Object.fromEntries(
    frame.split('\n').map((line) => {
      const at = line.indexOf(': ')
      return [line.slice(0, at), line.slice(at + 2)]
    })
  )
  state.lastId = fields.id ?? state.lastId
  if (fields.data !== undefined) {
    events.push({ id: fields.id ?? '', event: fields.event ?? '', change: JSON.parse(fields.data) })
  }
}

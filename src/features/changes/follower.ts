import { once } from 'node:events'
import { PassThrough, type Readable } from 'node:stream'
import type { RequestContext } from '../../core/context.ts'
import { FIRST_ID, type TimedPlace } from './feed.queries.ts'
import type { ReadChange } from './feed.ts'
import type { ChangeFilter } from './schema.ts'

/** How long a client may leave unread what it was sent. */
const STALL_MS = 30_000
/** How soon a client should come back when its stream has ended, in milliseconds. */
const RETRY_MS = 2000

/** One stream: who reads it, how far they are, and how the cursor after a change is written. */
interface FollowerOptions {
  ctx: RequestContext
  place: TimedPlace
  filter: ChangeFilter
  encode: (place: TimedPlace) => string
}

/** Writes changes to one client as Server-Sent Events. What the client does not read is not read from the feed. */
export class Follower {
  readonly ctx: RequestContext
  readonly filter: ChangeFilter
  readonly openedAt = Date.now()
  place: TimedPlace
  /** True while changes are being read for it, or the client has not taken what it was sent. */
  isBusy = false
  #sentAt = Date.now()
  #encode: FollowerOptions['encode']
  #out = new PassThrough()

  constructor({ ctx, place, filter, encode }: FollowerOptions) {
    this.ctx = ctx
    this.place = place
    this.filter = filter
    this.#encode = encode
    // An id without data is remembered and shows no event: whoever comes back before the first change misses none.
    this.#out.write(`retry: ${RETRY_MS}\nid: ${encode(place)}\n\n`)
  }

  get body(): Readable {
    return this.#out
  }

  get isOpen(): boolean {
    return !this.#out.destroyed && !this.#out.writableEnded
  }

  /** Ends the stream, behind what the client has still to read unless it does not read. */
  end(): void {
    if (this.#out.writableNeedDrain) {
      this.#out.destroy()
    } else {
      this.#out.end()
    }
  }

  /** Sends changes, and waits until the client takes them; ends the stream of one that does not. */
  async send(changes: ReadChange[]): Promise<void> {
    const frames = changes.map(
      ({ place, change, json }) =>
        `id: ${this.#encode(place)}\nevent: ${change.type}\ndata: ${json}\n\n`
    )
    await this.#write(frames.join(''))
  }

  /** Shows that the stream is alive when nothing was sent for a while, and how far the feed has been read. */
  async beat(everyMs: number): Promise<void> {
    if (Date.now() - this.#sentAt >= everyMs) {
      await this.#write(`: still here\nid: ${this.#encode(this.place)}\n\n`)
    }
  }

  /** Nothing concerns the client before a position that was the horizon at a time. */
  skipTo(position: string, time: number): void {
    if (BigInt(position) > BigInt(this.place.position)) {
      this.place = { position, id: FIRST_ID, time }
    }
  }

  /** Keeps the place of a client young who has everything that was before the horizon at a time. */
  noteHorizon(position: string, time: number): void {
    if (BigInt(position) <= BigInt(this.place.position)) {
      this.place = { ...this.place, time }
    }
  }

  async #write(text: string): Promise<void> {
    if (!this.isOpen || text === '') {
      return
    }
    this.#sentAt = Date.now()
    if (this.#out.write(text)) {
      return
    }
    const timer = setTimeout(() => this.#out.destroy(), STALL_MS)
    await Promise.race([once(this.#out, 'drain'), once(this.#out, 'close')])
    clearTimeout(timer)
  }
}

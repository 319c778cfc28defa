import type { Readable } from 'node:stream'
import type { FastifyBaseLogger } from 'fastify'
import type { RequestContext, Role } from '../../core/context.ts'
import type { Deps } from '../../core/deps.ts'
import { Problem, unavailable } from '../../core/problem.ts'
import { createConcurrencyLimit } from '../../lib/concurrency-limit.ts'
import { createPerKeyLimit } from '../../lib/per-key-limit.ts'
import { readLiveKeys } from '../api-keys/service.ts'
import { readLiveSessions } from '../identity/service.ts'
import { listWithNews, readHorizon, type TimedPlace } from './feed.queries.ts'
import type { ReadChange } from './feed.ts'
import { Follower } from './follower.ts'
import type { ChangeFilter } from './schema.ts'
import type { ChangeReader } from './service.ts'

/** How often the process looks whether there is anything new for those who follow. */
const LOOK_MS = 500
const BEAT_MS = 15_000
/** Changes that are read and sent at once. */
const READ = 100
/** Then the client opens another, perhaps on another instance. */
const MAX_AGE_MS = 12 * 3_600_000
const MAX_OF_USER = 5
const MAX_OF_PROCESS = 2000
/** Streams that read from the database at the same time. */
const READERS = 3

type StreamDeps = Pick<Deps, 'db' | 'isShuttingDown' | 'metrics'> & {
  reader: ChangeReader
  log: FastifyBaseLogger
}

/** The streams of one process. However many they are, one statement finds those that have something to read. */
export class ChangeStreams {
  #followers = new Set<Follower>()
  #take = createPerKeyLimit(MAX_OF_USER)
  #limited = createConcurrencyLimit({ slots: READERS, queue: MAX_OF_PROCESS, waitMs: 60_000 })
  /** What is under way, for which the end of the process waits. */
  #work = new Set<Promise<void>>()
  /** Before this position everybody has been told everything. */
  #told = ''
  #timer: NodeJS.Timeout | undefined
  #isClosed = false
  #deps: StreamDeps

  constructor(deps: StreamDeps) {
    this.#deps = deps
  }

  get count(): number {
    return this.#followers.size
  }

  /** Opens a stream behind a place; throws when the user, or the process, has too many. */
  open(ctx: RequestContext, place: TimedPlace, filter: ChangeFilter): Readable {
    const { reader, isShuttingDown } = this.#deps
    const leave = this.#take(ctx.caller.id)
    if (!leave) {
      throw tooManyStreams()
    }
    if (this.count >= MAX_OF_PROCESS || this.#isClosed || isShuttingDown()) {
      leave()
      throw unavailable('Too many streams are open here. Try again in a few seconds.', 5)
    }
    const encode = (at: TimedPlace) => reader.cursors.encode(ctx.caller, at, filter)
    const follower = new Follower({ ctx, place, filter, encode })
    this.#followers.add(follower)
    follower.body.once('close', () => {
      this.#followers.delete(follower)
      leave()
    })
    this.#start(this.#tell(follower))
    this.#schedule()
    return follower.body
  }

  /** Ends all streams, and waits until nothing is read for them any more. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    this.#endAll()
    await Promise.all(this.#work)
  }

  #endAll(): void {
    for (const follower of this.#followers) {
      follower.end()
    }
  }

  #start(work: Promise<void>): void {
    this.#work.add(work)
    void work.finally(() => this.#work.delete(work))
  }

  #schedule(): void {
    if (this.#timer || this.#isClosed || this.count === 0) {
      return
    }
    const lookAgain = async () => {
      await this.#look()
      this.#timer = undefined
      this.#schedule()
    }
    this.#timer = setTimeout(() => this.#start(lookAgain()), LOOK_MS).unref()
  }

  async #look(): Promise<void> {
    if (this.#deps.isShuttingDown()) {
      this.#endAll()
      return
    }
    try {
      await endUnwelcome(this.#deps.db, this.#followers)
      await this.#lookForNews()
    } catch (err) {
      this.#deps.log.warn({ err }, 'the streams of changes could not look for what is new')
    }
    for (const follower of this.#followers) {
      if (!follower.isBusy) {
        this.#start(follower.beat(BEAT_MS))
      }
    }
  }

  /** Looks for what is new, unless nothing at all has happened since. */
  async #lookForNews(): Promise<void> {
    const { db } = this.#deps
    const askedAt = Date.now()
    const reached = await readHorizon(db)
    for (const follower of this.#followers) {
      follower.noteHorizon(reached, askedAt)
    }
    if (reached === this.#told) {
      return
    }
    const idle = [...this.#followers].filter(({ isBusy }) => !isBusy)
    const isEverybody = idle.length === this.count
    const places = idle.map(({ ctx, place }) => ({
      user_id: ctx.caller.id,
      position: place.position
    }))
    const withNews = new Set(await listWithNews(db, places, reached))
    for (const follower of idle) {
      if (withNews.has(follower.ctx.caller.id)) {
        this.#start(this.#tell(follower))
      } else {
        follower.skipTo(reached, askedAt)
      }
    }
    // Those who were busy look again.
    this.#told = isEverybody ? reached : ''
  }

  /** Sends a follower all that there is for them. */
  async #tell(follower: Follower): Promise<void> {
    const { reader, log } = this.#deps
    follower.isBusy = true
    try {
      for (let hasMore = true; hasMore && follower.isOpen; ) {
        const { ctx, place, filter } = follower
        const read = () => reader.read(ctx, place, { limit: READ, filter })
        const { changes, next, hasMore: isUnfinished } = await this.#limited(read, ctx.caller.id)
        await follower.send(changes)
        this.#recordDelays(follower, changes)
        follower.place = next
        hasMore = isUnfinished
      }
    } catch (err) {
      // The next look tries again.
      this.#told = ''
      log.warn({ err }, 'changes could not be read for a stream')
    } finally {
      follower.isBusy = false
    }
  }

  /** Counts how late changes were sent, but for those of before the stream was opened. */
  #recordDelays({ openedAt }: Follower, changes: ReadChange[]): void {
    for (const { change } of changes) {
      const madeAt = Date.parse(change.occurred_at)
      if (madeAt >= openedAt) {
        this.#deps.metrics?.recordChangeDelay((Date.now() - madeAt) / 1000)
      }
    }
  }
}

/** Ends streams whose session or key is over, whose user has another role now, and those that are very old. */
async function endUnwelcome(db: Deps['db'], followers: Set<Follower>): Promise<void> {
  const idsOf = (id: (follower: Follower) => string | undefined) => [
    ...new Set([...followers].map(id).filter((it) => it !== undefined))
  ]
  const [sessions, keys] = await Promise.all([
    readLiveSessions(
      db,
      idsOf(({ ctx: { caller } }) => (caller.key ? undefined : caller.session_id))
    ),
    readLiveKeys(
      db,
      idsOf(({ ctx: { caller } }) => caller.key?.id)
    )
  ])
  const roleOf = ({ key, session_id }: RequestContext['caller']): Role | undefined =>
    key ? keys.get(key.id) : sessions.get(session_id)
  for (const follower of followers) {
    const { caller } = follower.ctx
    if (roleOf(caller) !== caller.role || Date.now() - follower.openedAt > MAX_AGE_MS) {
      follower.end()
    }
  }
}

const tooManyStreams = () =>
  new Problem('rate_limited', {
    detail: `You can have ${MAX_OF_USER} streams open at once. Close one first.`,
    headers: { 'retry-after': '5' }
  })

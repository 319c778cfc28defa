import fp from 'fastify-plugin'
import type { Config } from '../../config.ts'
import type { Actor } from '../../core/context.ts'
import { Problem, unavailable } from '../../core/problem.ts'
import { QueueFullError } from '../../lib/concurrency-limit.ts'
import { createPriorityLimit, type Priority } from '../../lib/priority-limit.ts'
import { createUsage } from '../../lib/usage.ts'
import { WINDOW_SECONDS } from '../rate-limit/budgets.ts'
import type { Remaining } from '../rate-limit/charges.ts'

/** What any read may take; only what is above it counts. */
const FREE_MS = 10
/** Who has used more than this share of their budget of late is heavy: their reads take turns on few connections. */
const HEAVY_SHARE = 0.02
/** Reads that wait at once, those of exports included. */
const MAX_WAITING = 1000
/** More than the longest statement and the rest after it. */
const WAIT_MS = 5000
/** The file is under way, and its reader has a response. */
const EXPORT_WAIT_MS = 60_000

declare module 'fastify' {
  interface FastifyInstance {
    /**
     * Does a read whose cost may grow with the number of tasks, when it is its turn, and counts its time. Throws when
     * the caller's database time is used up.
     */
    metered: <T>(caller: Actor, read: () => Promise<T>) => Promise<T>
    /** Does one of many reads for a file, when it is its turn; counts for turns only, so that the file is finished. */
    paced: <T>(caller: Actor, read: () => Promise<T>) => Promise<T>
    isHeavyReader: (caller: Actor) => boolean
  }
}

interface MeterOptions {
  config: Pick<Config, 'RATE_LIMIT' | 'RATE_LIMIT_DATABASE_MS' | 'DATABASE_POOL_SIZE'>
}

/**
 * Lets nobody's reads crowd out the requests of others, however much database time they take: all of them leave most
 * connections free, heavy users take turns on a few, and whoever has used least goes first.
 */
export const meteredReads = fp(async (app, { config }: MeterOptions) => {
  const { RATE_LIMIT: isOn, DATABASE_POOL_SIZE: pool } = config
  const heavyAbove = config.RATE_LIMIT_DATABASE_MS * HEAVY_SHARE
  const usage = createUsage(WINDOW_SECONDS * 1000)
  const isHeavy = (id: string): boolean => usage.of(id) > heavyAbove
  /** Users of whom a read is in progress that is not treated like that of a heavy user. */
  const reading = new Set<string>()
  const takeTurn = createTurns(pool, usage, isHeavy)

  const checkDatabaseTime = async ({ id }: Actor) => {
    // Others are not asked for: that would cost every search a round trip.
    if (isHeavy(id)) {
      const left = await app.spendBudget('database_ms', id, 0)
      if (left.remaining === 0) {
        throw usedUp(left)
      }
    }
  }
  app.decorate('isHeavyReader', ({ id }) => isHeavy(id))
  app.decorate('metered', async (caller, read) => {
    if (!isOn) {
      return read()
    }
    const { id } = caller
    await checkDatabaseTime(caller)
    const count = (taken: number) => {
      const ms = Math.max(0, Math.round(taken - FREE_MS))
      if (ms > 0) {
        app.spendBudget('database_ms', id, ms).catch(() => {})
      }
      return ms
    }
    let isFirst = false
    return takeTurn(
      {
        id,
        // What several reads at once will take is not known yet: all but one are treated like those of heavy users.
        isLow: () => isHeavy(id) || reading.has(id),
        onStart: () => {
          isFirst = !reading.has(id)
          reading.add(id)
        },
        onEnd: () => {
          if (isFirst) {
            reading.delete(id)
          }
        },
        waitMs: WAIT_MS,
        count
      },
      read
    )
  })
  app.decorate('paced', async ({ id }, read) => {
    const turn = { id, isLow: () => isHeavy(id), waitMs: EXPORT_WAIT_MS, count: (ms: number) => ms }
    return isOn ? takeTurn(turn, read) : read()
  })
})

interface Turn extends Pick<Priority, 'isLow' | 'onStart' | 'waitMs'> {
  id: string
  /** Called when the read has ended, before another one starts. */
  onEnd?: () => void
  /** Says how many of the milliseconds that the read took count. */
  count: (ms: number) => number
}

/** Returns the function that does a read when it is its turn, and adds what it took to the use of its user. */
function createTurns(
  pool: number,
  usage: ReturnType<typeof createUsage>,
  isHeavy: (id: string) => boolean
) {
  const run = createPriorityLimit({
    slots: Math.max(2, Math.floor(pool * 0.4)),
    lowSlots: Math.max(1, Math.floor(pool * 0.1)),
    queue: MAX_WAITING
  })
  return function takeTurn<T>(
    { id, count, onEnd, ...turn }: Turn,
    read: () => Promise<T>
  ): Promise<T> {
    const timed = async () => {
      const since = performance.now()
      try {
        return await read()
      } finally {
        usage.add(id, count(performance.now() - since))
        onEnd?.()
      }
    }
    return run({ ...turn, used: () => usage.of(id) }, timed).catch((error) => {
      throw error instanceof QueueFullError ? tooBusy(isHeavy(id)) : error
    })
  }
}

function usedUp({ max, seconds }: Remaining): Problem {
  const detail =
    `Your searches, counts, filtered lists and exports have used the ${max / 1000} s of database time that you have ` +
    `per minute. Try again in ${seconds} s.`
  return new Problem('rate_limited', { detail, headers: { 'retry-after': String(seconds) } })
}

const tooBusy = (isHeavy: boolean): Problem =>
  isHeavy
    ? new Problem('rate_limited', {
        detail: 'You are using much database time, and others go first. Try again in 5 s.',
        headers: { 'retry-after': '5' }
      })
    : unavailable('Too many searches, counts and filtered lists are in progress. Try again.', 1)

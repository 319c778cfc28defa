import fp from 'fastify-plugin'
import type { Actor } from '../../core/context.ts'
import { Problem } from '../../core/problem.ts'
import { createPerKeyLimit } from '../../lib/per-key-limit.ts'

/** How many requests of a kind one user may have in flight. Plain lists and writes are of no kind. */
const LIMITS = {
  /** Those whose cost grows with the number of tasks. */
  costly_reads: { max: 4, name: 'searches, counts and exports' },
  exports: { max: 2, name: 'exports' }
}
export type InFlightKind = keyof typeof LIMITS

/** An export is a costly read as well. */
const KINDS_OF: Record<InFlightKind, InFlightKind[]> = {
  costly_reads: ['costly_reads'],
  exports: ['exports', 'costly_reads']
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Takes a place of a user for a request of this kind; throws when all are taken. Returns how to give it back. */
    takePlace: (kind: InFlightKind, caller: Actor) => () => void
    /** Does a costly read, metered, while it holds a place. A client that hangs up gives none back. */
    readCostly: <T>(caller: Actor, read: () => Promise<T>) => Promise<T>
  }
}

/** Bounds what one user may have in flight at once, so that nobody's costly reads crowd out the requests of others. */
export const inFlight = fp(async (app, { isOn }: { isOn: boolean }) => {
  const takers = {
    costly_reads: createPerKeyLimit(LIMITS.costly_reads.max),
    exports: createPerKeyLimit(LIMITS.exports.max)
  }
  const takePlace = (kind: InFlightKind, caller: Actor): (() => void) => {
    const places: (() => void)[] = []
    const giveBack = () => {
      for (const place of places) {
        place()
      }
    }
    for (const each of isOn ? KINDS_OF[kind] : []) {
      const place = takers[each](caller.id)
      if (!place) {
        giveBack()
        throw tooMany(each)
      }
      places.push(place)
    }
    return giveBack
  }
  app.decorate('takePlace', takePlace)
  app.decorate('readCostly', async (caller, read) => {
    const giveBack = takePlace('costly_reads', caller)
    try {
      return await app.metered(caller, read)
    } finally {
      giveBack()
    }
  })
})

function tooMany(kind: InFlightKind): Problem {
  const { max, name } = LIMITS[kind]
  return new Problem('rate_limited', {
    detail: `You can have ${max} ${name} in progress at once. Try again when one of them has ended.`,
    headers: { 'retry-after': '1' }
  })
}

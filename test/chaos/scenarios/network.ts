import { setTimeout as pause } from 'node:timers/promises'
import type { Scenario, World } from '../scenario.ts'
import type { Weather } from '../tcp-proxy.ts'

/** From the moment the sky is clear. */
const BACK_MS = 2000
/** A connection that says nothing is given up after 5 s (SILENCE_MS in db/client.ts), and then everybody is served by new ones. */
const NOTICED_MS = 7000
/** What README has the role set: 5 s, and three probes 2 s apart. Until then what was locked stays locked. */
const KEEPALIVE_MS = 11_000
/** From a hiccup to longer than any call may last. */
const DARK_MS = { least: 300, most: 7000 }
/** Within what callers wait, so that every call is answered after all. */
const CALLERS_DARK_MS = { least: 300, most: 3000 }
/** As patient as a caller with a time-out is. */
const CALLER_MS = 3000
/** As between two continents. */
const SLOW_MS = 50

type Where = 'toPostgres' | 'balancer'
const within = ({ least, most }: typeof DARK_MS, { random }: World): Promise<void> =>
  pause(least + random() * (most - least))

const bad = (
  name: string,
  fault: string,
  where: Where,
  weather: Weather,
  lasts: (world: World) => Promise<void>,
  rest: Pick<Scenario, 'rounds'> & Partial<Scenario>
): Scenario => ({
  name,
  fault,
  ...rest,
  async round(world) {
    await world.aWhile()
    world[where].turn(weather)
    await lasts(world)
    world[where].turn({ kind: 'clear' })
    await world.backInService(BACK_MS)
  }
})
const aWhile = (world: World) => world.aWhile()

/** The machine behind every connection is gone, without a word; new connections find another. */
const forgotten = (
  name: string,
  fault: string,
  where: Where,
  who: 'far' | 'near',
  rest: Pick<Scenario, 'rounds'> & Partial<Scenario>,
  noticedMs?: number
): Scenario => ({
  name,
  fault,
  ...rest,
  async round(world) {
    await world.aWhile()
    world[where].abandon(who, noticedMs)
    await world.backInService(NOTICED_MS)
    // What the dead left behind is gone before the next ones die: one machine's connections are room enough for them.
    if (noticedMs !== undefined) {
      await pause(noticedMs)
    }
  }
})

export const network = [
  bad(
    'postgres-slow',
    `${SLOW_MS} ms more each way between API and PostgreSQL`,
    'toPostgres',
    { kind: 'slow', ms: SLOW_MS },
    (world) => within(CALLERS_DARK_MS, world),
    { rounds: { short: 2, long: 100 } }
  ),
  bad(
    'postgres-reset',
    'every connection to PostgreSQL reset, new ones too, for a while',
    'toPostgres',
    { kind: 'reset' },
    aWhile,
    { rounds: { short: 4, long: 300 } }
  ),
  bad(
    'postgres-black-hole',
    `nothing passes between API and PostgreSQL for ${DARK_MS.least / 1000} to ${DARK_MS.most / 1000} s`,
    'toPostgres',
    { kind: 'black hole' },
    (world) => within(DARK_MS, world),
    { rounds: { short: 2, long: 100 } }
  ),
  forgotten(
    'postgres-half-open',
    "the server's end of every connection is gone, and the API is not told",
    'toPostgres',
    'far',
    { rounds: { short: 1, long: 50 } }
  ),
  forgotten(
    'postgres-orphaned',
    "the API's end of every connection is gone, and PostgreSQL is not told",
    'toPostgres',
    'near',
    { rounds: { short: 1, long: 20 } },
    KEEPALIVE_MS
  ),
  bad(
    'callers-slow',
    `${SLOW_MS} ms more each way between callers and API`,
    'balancer',
    { kind: 'slow', ms: SLOW_MS },
    aWhile,
    { rounds: { short: 1, long: 50 } }
  ),
  bad(
    'callers-reset',
    'every connection of callers reset, new ones too, for a while',
    'balancer',
    { kind: 'reset' },
    aWhile,
    { rounds: { short: 4, long: 300 }, allows: { broken: true } }
  ),
  bad(
    'callers-black-hole',
    `nothing passes between callers and API for ${CALLERS_DARK_MS.least / 1000} to ${CALLERS_DARK_MS.most / 1000} s`,
    'balancer',
    { kind: 'black hole' },
    (world) => within(CALLERS_DARK_MS, world),
    { rounds: { short: 2, long: 100 } }
  ),
  forgotten(
    'callers-half-open',
    "the API's end of every connection is gone, and callers are not told: they give up and repeat",
    'balancer',
    'far',
    { rounds: { short: 2, long: 50 }, allows: { silent: true }, patienceMs: CALLER_MS }
  ),
  forgotten('callers-gone', 'callers are gone, and the API is not told', 'balancer', 'near', {
    rounds: { short: 2, long: 50 },
    allows: { broken: true }
  })
]

import type { FastifyBaseLogger } from 'fastify'
import type { Db } from '../../db/client.ts'
import { networkOf } from '../../lib/ip.ts'
import { type BanInForce, listInForce } from './queries.ts'

/** A ban or its end is known to every instance after this time and what the reading takes. */
const FRESH_MS = 1000
/** How long a request waits for a reading; beyond, the list of before decides. */
const PATIENCE_MS = 250
/** The longest Retry-After that is promised. */
const MAX_RETRY_SECONDS = 86_400

interface List {
  bitsIpv4: number[]
  bitsIpv6: number[]
  endsAt: Map<string, number>
}
const EMPTY: List = { bitsIpv4: [], bitsIpv6: [], endsAt: new Map() }

/** Who is banned, read from the database at most once a second. While the database is away, the last list goes on. */
export function createBanCache(db: Db, log: FastifyBaseLogger) {
  let list = EMPTY
  let freshUntil = 0
  let reading: Promise<void> | undefined
  let latest = 0

  const read = async (startedAt: number) => {
    const mine = ++latest
    const found = await listInForce(db).catch((err) => {
      log.warn({ err }, 'the bans could not be read')
    })
    // Somebody may have changed the bans while this was read.
    if (mine !== latest) {
      return
    }
    if (found) {
      list = indexed(found, startedAt)
    }
    // Not asked again at once after a failure either: nobody is to wait for it more than once in a while.
    freshUntil = startedAt + FRESH_MS
    reading = undefined
  }

  return {
    /** How many seconds an address stays banned; undefined when it is not. */
    async bannedFor(address: string): Promise<number | undefined> {
      const now = Date.now()
      if (now >= freshUntil) {
        reading ??= read(now)
        await patiently(reading)
      }
      return secondsLeft(list, address)
    },
    /** Reads the list anew for the next request. */
    invalidate(): void {
      latest++
      freshUntil = 0
      reading = undefined
    }
  }
}

async function patiently(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  await Promise.race([
    work,
    new Promise((resolve) => {
      timer = setTimeout(resolve, PATIENCE_MS)
    })
  ])
  clearTimeout(timer)
}

function indexed(bans: BanInForce[], at: number): List {
  const bitsIn = (isIpv6: boolean) => [
    ...new Set(
      bans
        .filter(({ network }) => network.includes(':') === isIpv6)
        .map(({ network }) => Number(network.split('/')[1]))
    )
  ]
  return {
    bitsIpv4: bitsIn(false),
    bitsIpv6: bitsIn(true),
    endsAt: new Map(
      bans.map(({ network, seconds }) => [
        network,
        seconds === null ? Number.POSITIVE_INFINITY : at + seconds * 1000
      ])
    )
  }
}

/** Looks an address up once for each length of prefix that is banned at all. */
function secondsLeft({ bitsIpv4, bitsIpv6, endsAt }: List, address: string): number | undefined {
  if (endsAt.size === 0) {
    return undefined
  }
  const ends = (address.includes(':') ? bitsIpv6 : bitsIpv4).map(
    (bits) => endsAt.get(networkOf(address, bits)) ?? 0
  )
  const seconds = Math.ceil((Math.max(0, ...ends) - Date.now()) / 1000)
  return seconds > 0 ? Math.min(seconds, MAX_RETRY_SECONDS) : undefined
}

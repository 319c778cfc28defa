import type { FastifyBaseLogger } from 'fastify'
import type { Db } from '../../db/client.ts'
import { networkOf } from '../../lib/ip.ts'
import { type BanInForce, listInForce } from './queries.ts'

/** Every instance knows of a ban or its end after this time and the time of one read. */
const TTL_MS = 1000
/** How long a request waits for a read; after that, the previous list decides. */
const MAX_WAIT_MS = 250
/** The longest Retry-After that is sent. */
const MAX_RETRY_SECONDS = 86_400

interface BanIndex {
  bitsIpv4: number[]
  bitsIpv6: number[]
  endsAt: Map<string, number>
}
const EMPTY: BanIndex = { bitsIpv4: [], bitsIpv6: [], endsAt: new Map() }

/** The bans in force. */
export interface BanCache {
  /** Returns for how many seconds an IP remains banned; undefined when it is not. */
  bannedFor(ip: string): Promise<number | undefined>
  /** Makes the next request read the bans anew. */
  invalidate(): void
}

/** Reads the bans at most once a second. While the database is unavailable, the last list remains in use. */
export function createBanCache(db: Db, log: FastifyBaseLogger): BanCache {
  let index = EMPTY
  let freshUntil = 0
  let reading: Promise<void> | undefined
  let latestRead = 0

  const read = async (startedAt: number) => {
    const thisRead = ++latestRead
    const bans = await listInForce(db).catch((err) => {
      log.warn({ err }, 'could not read the IP bans')
    })
    // The bans may have changed during the read.
    if (thisRead !== latestRead) {
      return
    }
    if (bans) {
      index = createIndex(bans, startedAt)
    }
    // Set after a failure as well, so that requests do not wait for an unavailable database again and again.
    freshUntil = startedAt + TTL_MS
    reading = undefined
  }

  return {
    async bannedFor(ip) {
      const now = Date.now()
      if (now >= freshUntil) {
        reading ??= read(now)
        await withTimeout(reading)
      }
      return banSecondsLeft(index, ip)
    },
    invalidate() {
      latestRead++
      freshUntil = 0
      reading = undefined
    }
  }
}

async function withTimeout(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  await Promise.race([
    work,
    new Promise((resolve) => {
      timer = setTimeout(resolve, MAX_WAIT_MS)
    })
  ])
  clearTimeout(timer)
}

function createIndex(bans: BanInForce[], readAt: number): BanIndex {
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
        seconds === null ? Number.POSITIVE_INFINITY : readAt + seconds * 1000
      ])
    )
  }
}

/** Looks an IP up once for each length of prefix that any ban has. */
function banSecondsLeft({ bitsIpv4, bitsIpv6, endsAt }: BanIndex, ip: string): number | undefined {
  if (endsAt.size === 0) {
    return undefined
  }
  const ends = (ip.includes(':') ? bitsIpv6 : bitsIpv4).map(
    (bits) => endsAt.get(networkOf(ip, bits)) ?? 0
  )
  const seconds = Math.ceil((Math.max(0, ...ends) - Date.now()) / 1000)
  return seconds > 0 ? Math.min(seconds, MAX_RETRY_SECONDS) : undefined
}

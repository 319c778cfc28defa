import type { FastifyBaseLogger } from 'fastify'
import type { Db } from '../../db/client.ts'
import type { BanInForce } from '../../http/plugins/ip-bans.ts'
import { networkOf } from '../../lib/ip.ts'
import { type ListedBan, listInForce } from './queries.ts'

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
interface Bans {
  byHand: BanIndex
  automatic: BanIndex
}

/** The bans in force. */
export interface BanCache {
  /** Returns the ban of an IP that is in force: one by hand, else an automatic one. Usually it is known at once. */
  find(ip: string): Promise<BanInForce | undefined> | BanInForce | undefined
  /** Makes the next request read the bans anew. */
  invalidate(): void
}

/** Reads the bans at most once a second. While the database is unavailable, the last list remains in use. */
export function createBanCache(db: Db, log: FastifyBaseLogger): BanCache {
  let inForce: Bans = { byHand: EMPTY, automatic: EMPTY }
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
      inForce = {
        byHand: createIndex(
          bans.filter(({ automatic }) => !automatic),
          startedAt
        ),
        automatic: createIndex(
          bans.filter(({ automatic }) => automatic),
          startedAt
        )
      }
    }
    // Set after a failure as well, so that requests do not wait for an unavailable database again and again.
    freshUntil = startedAt + TTL_MS
    reading = undefined
  }

  return {
    find(ip) {
      const now = Date.now()
      if (now < freshUntil) {
        return findIn(inForce, ip)
      }
      reading ??= read(now)
      return withTimeout(reading).then(() => findIn(inForce, ip))
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

function createIndex(bans: ListedBan[], readAt: number): BanIndex {
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

function findIn({ byHand, automatic }: Bans, ip: string): BanInForce | undefined {
  const secondsByHand = banSecondsLeft(byHand, ip)
  if (secondsByHand !== undefined) {
    return { secondsLeft: secondsByHand, isAutomatic: false }
  }
  const seconds = banSecondsLeft(automatic, ip)
  return seconds === undefined ? undefined : { secondsLeft: seconds, isAutomatic: true }
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

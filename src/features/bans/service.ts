import { sql } from 'drizzle-orm'
import type { FastifyBaseLogger } from 'fastify'
import { v7 as uuidv7 } from 'uuid'
import type { Config } from '../../config.ts'
import { type OldActor as Actor, recordAudit, type Source, unknownActor } from '../../core/audit.ts'
import { invalidField, Problem } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import { withTransaction } from '../../db/transaction.ts'
import { splitList } from '../../lib/config-formats.ts'
import { cidrMatcher, limitKey, neighbours, networkOf, parseRange } from '../../lib/ip.ts'
import { normalizeTimestamp } from '../../lib/timestamp.ts'
import {
  consumeViolations,
  countAutomatic,
  countViolations,
  deleteBan,
  insertBan,
  isAhead
} from './queries.ts'
import type { IpBan, IpBanCreate } from './schema.ts'

/** Wider bans are slips of the pen. */
const MIN_BITS = { ipv4: 8, ipv6: 32 }
/** Loopback, private, link-local and shared addresses: what a mis-set proxy in front would make of everybody. */
const PRIVATE = [
  '127.0.0.0/8',
  '::1/128',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '169.254.0.0/16',
  '100.64.0.0/10',
  'fc00::/7',
  'fe80::/10'
]
/** So many /64 of one /56 with offences enough for a ban stand for one offender who has them all. */
const SEVERAL = 3
const AUTOMATIC = 'Repeated offences'
/** Networks with unwritten offences; beyond, some are forgotten rather than memory lost. */
const MAX_WAITING = 10_000

type Offence = Source & { address: string }

/** Bans a range by hand, in the caller's transaction. */
export async function createBan(
  tx: Db,
  actor: Actor & { address: string },
  { address, reason = null, until = null }: IpBanCreate
): Promise<IpBan> {
  const range = parseRange(address)
  if (!range) {
    throw invalidField(
      'body',
      '/address',
      'malformed',
      'address must be an address such as 203.0.113.7 or a range such as 203.0.113.0/24.'
    )
  }
  const least = MIN_BITS[range.isIpv6 ? 'ipv6' : 'ipv4']
  if (range.bits < least) {
    throw invalidField(
      'body',
      '/address',
      'out_of_range',
      `address must not be wider than /${least}.`
    )
  }
  if (cidrMatcher([range.network])(actor.address)) {
    throw new Problem('own_address', {
      detail: 'You are in this range yourself: the ban would shut you out.'
    })
  }
  const end = until === null ? null : normalizeTimestamp(until)
  if (end !== null && !(await isAhead(tx, end))) {
    throw invalidField('body', '/until', 'out_of_range', 'until must lie ahead.')
  }
  const made = await insertBan(
    tx,
    { id: uuidv7(), network: range.network, reason, automatic: false, created_by: actor.actor_id },
    end
  )
  if (!made) {
    throw new Problem('already_banned', {
      detail: 'Lift the ban that is in force before you impose another one.'
    })
  }
  await recordAudit(tx, {
    ...actor,
    action: 'ip_ban.created',
    outcome: 'succeeded',
    subject_type: 'ip_ban',
    subject_id: made.id,
    detail: range.network
  })
  return made
}

/** Lifts a ban; false when there is none. */
export async function liftBan(db: Db, actor: Actor, id: string): Promise<boolean> {
  return withTransaction(db, async (tx) => {
    const network = await deleteBan(tx, id)
    if (network === undefined) {
      return false
    }
    await recordAudit(tx, {
      ...actor,
      action: 'ip_ban.lifted',
      outcome: 'succeeded',
      subject_type: 'ip_ban',
      subject_id: id,
      detail: network
    })
    return true
  })
}

/**
 * Counts offences and bans who has too many. One at a time and off the request's way: a flood costs one connection,
 * and what comes from one network meanwhile is written as one.
 */
export function createViolationTracker({
  db,
  config,
  log,
  onBan
}: {
  db: Db
  config: Config
  log: FastifyBaseLogger
  onBan: () => void
}) {
  const isExempt = cidrMatcher([
    ...(config.IP_BAN_ALLOWLIST === 'none'
      ? []
      : config.IP_BAN_ALLOWLIST === undefined
        ? PRIVATE
        : splitList(config.IP_BAN_ALLOWLIST)),
    ...splitList(config.TRUST_PROXY)
  ])
  const waiting = new Map<string, { count: number; latest: Offence }>()
  let work: Promise<void> | undefined

  const drain = async () => {
    for (const [network, { count, latest }] of waiting) {
      waiting.delete(network)
      try {
        if (
          (await countViolations(db, network, count)) &&
          (await banOffender(db, network, latest))
        ) {
          onBan()
        }
      } catch (err) {
        log.error({ err }, 'offences could not be counted')
      }
    }
    work = undefined
  }
  return {
    note(offence: Offence): void {
      if (!config.RATE_LIMIT || isExempt(offence.address)) {
        return
      }
      const network = limitKey(offence.address)
      const known = waiting.get(network)
      if (known) {
        known.count++
      } else if (waiting.size < MAX_WAITING) {
        waiting.set(network, { count: 1, latest: offence })
      }
      work ??= drain()
    },
    settled: async (): Promise<void> => {
      await work
    }
  }
}

async function banOffender(db: Db, network: string, offence: Offence): Promise<boolean> {
  return withTransaction(db, async (tx) => {
    const spent = await consumeViolations(tx, network)
    if (!spent) {
      return false
    }
    const wider = await widerNetwork(tx, network)
    const made = await insertBan(
      tx,
      { id: uuidv7(), network: wider, reason: AUTOMATIC, automatic: true, created_by: null },
      sql`now() + make_interval(secs => ${spent.seconds})`
    )
    if (made) {
      await recordAudit(tx, {
        ...unknownActor(offence),
        action: 'ip_ban.created',
        outcome: 'succeeded',
        subject_type: 'ip_ban',
        subject_id: made.id,
        detail: wider
      })
    }
    return made !== undefined
  })
}

/** The /56 around a /64 when enough of its neighbours are banned already; else the network itself. */
async function widerNetwork(tx: Db, network: string): Promise<string> {
  if (!network.endsWith('/64')) {
    return network
  }
  const base = network.slice(0, -'/64'.length)
  return (await countAutomatic(tx, neighbours(base))) >= SEVERAL - 1 ? networkOf(base, 56) : network
}

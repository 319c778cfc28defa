import type { FastifyBaseLogger } from 'fastify'
import type { Config } from '../../config.ts'
import { audit } from '../../core/audit.ts'
import type { RequestContext } from '../../core/context.ts'
import type { Deps } from '../../core/deps.ts'
import { withTransaction } from '../../db/transaction.ts'
import { splitList } from '../../lib/config-formats.ts'
import { cidrMatcher, limitKey } from '../../lib/ip.ts'
import { newId } from '../../lib/uuid.ts'
import { consumeViolations, insertBan, recordViolations, secondsAhead } from './queries.ts'
import type { BanDeps } from './service.ts'

/** Loopback, private, link-local and shared addresses: behind a misconfigured proxy, every client has one of them. */
const PRIVATE_RANGES = [
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
const REASON = 'Repeated violations'
/** Networks whose violations are not written yet; beyond, new ones are dropped to protect memory. */
const MAX_PENDING = 10_000

type Violation = RequestContext<null>
interface Pending {
  count: number
  latest: Violation
}

/** Counts requests that guess credentials or codes. */
export interface ViolationTracker {
  /** Counts the violation of one request; returns at once. */
  report(violation: Violation): void
  /** Resolves when every reported violation is written. */
  flush(): Promise<void>
}
type TrackerDeps = BanDeps & Pick<Deps, 'config' | 'metrics'> & { log: FastifyBaseLogger }

/**
 * Bans networks with too many violations. Writes one network at a time and never while a request waits: a flood uses
 * one connection, and what comes from one network meanwhile is written together.
 */
export function createViolationTracker(deps: TrackerDeps): ViolationTracker {
  const { config } = deps
  const isExempt = cidrMatcher(exemptRanges(config))
  const pending = new Map<string, Pending>()
  let work: Promise<void> | undefined

  const drain = async () => {
    for (const [network, { count, latest }] of pending) {
      pending.delete(network)
      try {
        if (await recordViolations(deps.db, network, count)) {
          await banNetwork(latest, deps, network)
        }
      } catch (err) {
        deps.log.error({ err }, 'could not count violations')
      }
    }
    work = undefined
  }

  return {
    report(violation) {
      const { ip } = violation
      if (!config.RATE_LIMIT || ip === null || isExempt(ip)) {
        return
      }
      const network = limitKey(ip)
      const known = pending.get(network)
      if (known) {
        known.count++
      } else if (pending.size < MAX_PENDING) {
        pending.set(network, { count: 1, latest: violation })
      }
      work ??= drain()
    },
    flush: async () => {
      await work
    }
  }
}

function exemptRanges({ IP_BAN_ALLOWLIST: allowed, TRUST_PROXY }: Config): string[] {
  const proxies = splitList(TRUST_PROXY)
  if (allowed === 'none') {
    return proxies
  }
  return [...(allowed === undefined ? PRIVATE_RANGES : splitList(allowed)), ...proxies]
}

async function banNetwork(
  ctx: Violation,
  { db, banCache, metrics }: TrackerDeps,
  network: string
): Promise<void> {
  await withTransaction(db, async (tx) => {
    const ban = await consumeViolations(tx, network)
    if (!ban) {
      return
    }
    const created = await insertBan(
      tx,
      { id: newId(), network, reason: REASON, automatic: true, created_by: null },
      secondsAhead(ban.seconds)
    )
    if (created) {
      await audit.succeeded(tx, ctx, 'ip_ban.created', { ip_ban: created.id }, network)
      tx.afterCommit(() => metrics?.recordBan())
      tx.afterCommit(banCache.invalidate)
    }
  })
}

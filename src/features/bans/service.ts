import { audit } from '../../core/audit.ts'
import type { RequestContext } from '../../core/context.ts'
import type { Deps } from '../../core/deps.ts'
import { invalidField, Problem } from '../../core/problem.ts'
import { type Tx, withTransaction } from '../../db/transaction.ts'
import { cidrMatcher, type IpRange, parseRange } from '../../lib/ip.ts'
import { normalizeTimestamp } from '../../lib/timestamp.ts'
import { newId } from '../../lib/uuid.ts'
import type { BanCache } from './ban-cache.ts'
import { deleteBan, insertBan, isAhead } from './queries.ts'
import type { IpBan, IpBanCreate } from './schema.ts'

export type BanDeps = Pick<Deps, 'db'> & { banCache: BanCache }

/** A wider range is taken for a mistake. */
const MIN_BITS = { ipv4: 8, ipv6: 32 }

/** Bans an IP address or a range, in the caller's transaction. */
export async function createBan(
  tx: Tx,
  ctx: RequestContext,
  { banCache }: BanDeps,
  { address, reason = null, until = null }: IpBanCreate
): Promise<IpBan> {
  const { network } = readRange(address)
  if (ctx.ip !== null && cidrMatcher([network])(ctx.ip)) {
    throw new Problem('own_address', {
      detail: 'Your own IP address is in this range: the ban would lock you out.'
    })
  }
  const end = until === null ? null : normalizeTimestamp(until)
  if (end !== null && !(await isAhead(tx, end))) {
    throw invalidField('body', '/until', 'out_of_range', 'until must be in the future.')
  }
  const ban = { id: newId(), network, reason, automatic: false, created_by: ctx.caller.id }
  const created = await insertBan(tx, ban, end)
  if (!created) {
    throw new Problem('already_banned', {
      detail: 'Lift the ban that is in force before you create another.'
    })
  }
  const detail = created.until === null ? network : `${network} until ${created.until}`
  await audit.succeeded(tx, ctx, 'ip_ban.created', { ip_ban: created.id }, detail)
  tx.afterCommit(banCache.invalidate)
  return created
}

function readRange(address: string): IpRange {
  const range = parseRange(address)
  if (!range) {
    throw invalidField(
      'body',
      '/address',
      'malformed',
      'address must be an IP address such as 203.0.113.7 or a range such as 203.0.113.0/24.'
    )
  }
  const minBits = MIN_BITS[range.isIpv6 ? 'ipv6' : 'ipv4']
  if (range.bits < minBits) {
    throw invalidField(
      'body',
      '/address',
      'out_of_range',
      `address must not be wider than /${minBits}.`
    )
  }
  return range
}

/** Lifts a ban; returns false when there is none. */
export async function liftBan(
  ctx: RequestContext,
  { db, banCache }: BanDeps,
  id: string
): Promise<boolean> {
  return withTransaction(db, async (tx) => {
    const network = await deleteBan(tx, id)
    if (network === undefined) {
      return false
    }
    await audit.succeeded(tx, ctx, 'ip_ban.lifted', { ip_ban: id }, network)
    tx.afterCommit(banCache.invalidate)
    return true
  })
}

import { and, eq, type SQL, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { afterCursor, type KeysetPosition, newestFirst } from '../../db/keyset.ts'
import { executeRows } from '../../db/rows.ts'
import { ipBans } from '../../db/tables/ip-bans.ts'
import type { IpBan } from './schema.ts'

/** Offences within the window that lead to a ban. */
const MAX_OFFENCES = 20
const WINDOW = sql`interval '10 minutes'`
const FIRST_BAN_SECONDS = 1800
const LONGEST_BAN_SECONDS = 86_400
/** Who was banned within this time counts as a repeat offender: each ban is twice as long as the one before. */
const MEMORY = sql`interval '7 days'`
/** Bans that one instance holds in memory; far beyond, a firewall is the better tool. */
const MAX_IN_FORCE = 50_000
const PURGE_CHUNK = 500

const isInForce = sql`(${ipBans.until} is null or ${ipBans.until} > now())`
const columns = {
  id: ipBans.id,
  address: sql<string>`regexp_replace(${ipBans.network}, case when strpos(${ipBans.network}, ':') > 0 then '/128$' else '/32$' end, '')`,
  reason: ipBans.reason,
  automatic: ipBans.automatic,
  created_by: ipBans.created_by,
  created_at: ipBans.created_at,
  until: ipBans.until
}
export type NewBan = Pick<
  typeof ipBans.$inferInsert,
  'id' | 'network' | 'reason' | 'automatic' | 'created_by'
>
export interface BanInForce extends Record<string, unknown> {
  network: string
  seconds: number | null
}

/** Every ban in force and how many seconds it has left, by the database's clock. */
export function listInForce(db: Db): Promise<BanInForce[]> {
  return executeRows<BanInForce>(
    db,
    sql`select network, ceil(extract(epoch from until - now()))::int as seconds from ip_bans where ${isInForce} order by created_at desc limit ${MAX_IN_FORCE}`
  )
}

/** Bans in force, newest first, after a position if one is given. */
export async function listBans(db: Db, limit: number, after?: KeysetPosition): Promise<IpBan[]> {
  return db
    .select(columns)
    .from(ipBans)
    .where(and(isInForce, afterCursor(ipBans, after)))
    .orderBy(...newestFirst(ipBans))
    .limit(limit)
}

/** True when an instant lies ahead of the database's clock. */
export async function isAhead(tx: Db, instant: string): Promise<boolean> {
  const [row] = await executeRows<{ ahead: boolean }>(
    tx,
    sql`select ${instant}::timestamptz > now() as ahead`
  )
  return row?.ahead === true
}

/** Writes a ban over one that has run out; undefined when one of the same network is in force. */
export async function insertBan(
  tx: Db,
  ban: NewBan,
  until: SQL | string | null
): Promise<IpBan | undefined> {
  const values = { ...ban, until: until as string | null, created_at: sql`now()` }
  const [row] = await tx
    .insert(ipBans)
    .values(values)
    .onConflictDoUpdate({
      target: ipBans.network,
      set: values,
      setWhere: sql`${ipBans.until} <= now()`
    })
    .returning(columns)
  return row
}

/** Removes a ban in force and gives its network; undefined when there is none. */
export async function deleteBan(tx: Db, id: string): Promise<string | undefined> {
  const [row] = await tx
    .delete(ipBans)
    .where(and(eq(ipBans.id, id), isInForce))
    .returning({ network: ipBans.network })
  return row?.network
}

/** Adds offences to those of late; true when there are now enough for a ban. */
export async function countViolations(db: Db, network: string, count: number): Promise<boolean> {
  const added = sql`array_fill(now(), array[${Math.min(count, MAX_OFFENCES)}::int])`
  const [row] = await executeRows<{ many: boolean }>(
    db,
    sql`
    insert into ip_violations as o (network, occurred_at) values (${network}, ${added})
    on conflict (network) do update set last_at = now(), occurred_at = (select coalesce(array_agg(at), '{}') from unnest(o.occurred_at) at where at > now() - ${WINDOW}) || ${added}
    returning cardinality(occurred_at) >= ${MAX_OFFENCES} as many`
  )
  return row?.many === true
}

/** Spends the offences of a network on a ban and gives its length; undefined when somebody else did it first. */
export async function consumeViolations(
  tx: Db,
  network: string
): Promise<{ seconds: number } | undefined> {
  const [row] = await executeRows<{ bans: number }>(
    tx,
    sql`
    update ip_violations set occurred_at = '{}', bans = case when banned_at > now() - ${MEMORY} then bans else 0 end + 1, banned_at = now()
    where network = ${network} and cardinality(occurred_at) >= ${MAX_OFFENCES} returning bans`
  )
  return (
    row && {
      seconds: Math.min(FIRST_BAN_SECONDS * 2 ** Math.min(row.bans - 1, 20), LONGEST_BAN_SECONDS)
    }
  )
}

/** How many automatic bans are in force within a few networks. */
export async function countAutomatic(tx: Db, networks: string[]): Promise<number> {
  return tx.$count(
    ipBans,
    and(isInForce, eq(ipBans.automatic, true), sql`${ipBans.network} in ${networks}`)
  )
}

/** Removes bans that have run out, and offences that nobody counts any more. A bounded chunk: call again while there is more. */
export async function purgeBans(db: Db): Promise<{ done: number; more: boolean }> {
  const bans = await executeRows(
    db,
    sql`delete from ip_bans where id in (select id from ip_bans where until < now() limit ${PURGE_CHUNK} for update skip locked) returning 1 as one`
  )
  const offences = await executeRows(
    db,
    sql`delete from ip_violations where network in (select network from ip_violations where last_at < now() - ${MEMORY} limit ${PURGE_CHUNK} for update skip locked) returning 1 as one`
  )
  return {
    done: bans.length + offences.length,
    more: bans.length === PURGE_CHUNK || offences.length === PURGE_CHUNK
  }
}

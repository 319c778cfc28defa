import { and, eq, type SQL, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { afterCursor, type KeysetPosition, newestFirst } from '../../db/keyset.ts'
import { executeRows } from '../../db/rows.ts'
import { ipBans } from '../../db/tables/ip-bans.ts'
import type { IpBan } from './schema.ts'

/** Violations within the window that lead to a ban. */
const MAX_VIOLATIONS = 20
const WINDOW = sql`interval '10 minutes'`
const FIRST_BAN_SECONDS = 1800
const LONGEST_BAN_SECONDS = 86_400
/** A network that was banned within this time is a repeat offender: each ban is twice as long as the one before. */
const MEMORY = sql`interval '7 days'`
/** Bans that one instance holds in memory; for many more, a firewall is the better tool. */
const MAX_IN_FORCE = 50_000
const PURGE_CHUNK = 500

const isInForce = sql`(${ipBans.until} IS NULL OR ${ipBans.until} > now())`
/** Shows a single IP address without the length of its prefix. */
const address = sql<string>`regexp_replace(
    ${ipBans.network},
    CASE WHEN strpos(${ipBans.network}, ':') > 0 THEN '/128$' ELSE '/32$' END,
    ''
  )`
const columns = {
  id: ipBans.id,
  address,
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
export interface ListedBan extends Record<string, unknown> {
  network: string
  automatic: boolean
  seconds: number | null
}

const IN_FORCE_SQL = sql`
  SELECT network, automatic, ceil(extract(epoch FROM until - now()))::int AS seconds
  FROM ip_bans
  WHERE ${isInForce}
  ORDER BY automatic, created_at DESC
  LIMIT ${MAX_IN_FORCE}`

/**
 * Lists the bans in force and how many seconds each has left, by the database's clock. Those by hand come first, so
 * that automatic ones never push them out.
 */
export const listInForce = (db: Db): Promise<ListedBan[]> =>
  executeRows<ListedBan>(db, IN_FORCE_SQL)

/** Lists the bans in force, newest first, from a position if one is given. */
export async function listBans(db: Db, limit: number, after?: KeysetPosition): Promise<IpBan[]> {
  return db
    .select(columns)
    .from(ipBans)
    .where(and(isInForce, afterCursor(ipBans, after)))
    .orderBy(...newestFirst(ipBans))
    .limit(limit)
}

/** Returns true when a timestamp is in the future of the database's clock. */
export async function isAhead(tx: Db, timestamp: string): Promise<boolean> {
  const [row] = await executeRows<{ ahead: boolean }>(
    tx,
    sql`SELECT ${timestamp}::timestamptz > now() AS ahead`
  )
  return row?.ahead === true
}

/** The end of a ban by the database's clock. */
export const secondsAhead = (seconds: number): SQL => sql`now() + make_interval(secs => ${seconds})`

/**
 * Inserts a ban, or overwrites one of the same network that has expired, and by hand also an automatic one, which
 * closes less. Returns undefined when any other is in force.
 */
export async function insertBan(
  tx: Db,
  ban: NewBan,
  until: SQL | string | null
): Promise<IpBan | undefined> {
  const values = { ...ban, until, created_at: sql`now()` }
  const [row] = await tx
    .insert(ipBans)
    .values(values)
    .onConflictDoUpdate({
      target: ipBans.network,
      set: values,
      setWhere: ban.automatic
        ? sql`${ipBans.until} <= now()`
        : sql`${ipBans.until} <= now() OR ${ipBans.automatic}`
    })
    .returning(columns)
  return row
}

/** Deletes a ban in force and returns its network; undefined when there is none. */
export async function deleteBan(tx: Db, id: string): Promise<string | undefined> {
  const [row] = await tx
    .delete(ipBans)
    .where(and(eq(ipBans.id, id), isInForce))
    .returning({ network: ipBans.network })
  return row?.network
}

const recordViolationsSql = (network: string, added: SQL): SQL => sql`
  INSERT INTO ip_violations AS v (network, occurred_at)
  VALUES (${network}, ${added})
  ON CONFLICT (network) DO UPDATE
  SET
    last_at = now(),
    occurred_at = (
      SELECT coalesce(array_agg(at), '{}')
      FROM unnest(v.occurred_at) at
      WHERE at > now() - ${WINDOW}
    ) || ${added}
  RETURNING cardinality(occurred_at) >= ${MAX_VIOLATIONS} AS "isTooMany"`

/** Adds violations to the recent ones; returns true when there are enough for a ban. */
export async function recordViolations(db: Db, network: string, count: number): Promise<boolean> {
  const added = sql`array_fill(now(), ARRAY[${Math.min(count, MAX_VIOLATIONS)}::int])`
  const [row] = await executeRows<{ isTooMany: boolean }>(db, recordViolationsSql(network, added))
  return row?.isTooMany === true
}

const consumeViolationsSql = (network: string): SQL => sql`
  UPDATE ip_violations
  SET
    occurred_at = '{}',
    bans = CASE WHEN banned_at > now() - ${MEMORY} THEN bans ELSE 0 END + 1,
    banned_at = now()
  WHERE network = ${network}
    AND cardinality(occurred_at) >= ${MAX_VIOLATIONS}
  RETURNING bans`

/** Turns violations of a network into a ban and returns its length; undefined when another instance did so first. */
export async function consumeViolations(
  tx: Db,
  network: string
): Promise<{ seconds: number } | undefined> {
  const [row] = await executeRows<{ bans: number }>(tx, consumeViolationsSql(network))
  return (
    row && {
      seconds: Math.min(FIRST_BAN_SECONDS * 2 ** Math.min(row.bans - 1, 20), LONGEST_BAN_SECONDS)
    }
  )
}

const PURGE_BANS_SQL = sql`
  DELETE FROM ip_bans
  WHERE id IN (
    SELECT id
    FROM ip_bans
    WHERE until < now()
    LIMIT ${PURGE_CHUNK}
    FOR UPDATE SKIP LOCKED
  )
  RETURNING 1 AS one`

const PURGE_VIOLATIONS_SQL = sql`
  DELETE FROM ip_violations
  WHERE network IN (
    SELECT network
    FROM ip_violations
    WHERE last_at < now() - ${MEMORY}
    LIMIT ${PURGE_CHUNK}
    FOR UPDATE SKIP LOCKED
  )
  RETURNING 1 AS one`

/** Deletes a chunk of expired bans and of violations that no longer count. */
export async function purgeBans(db: Db): Promise<{ done: number; more: boolean }> {
  const bans = await executeRows(db, PURGE_BANS_SQL)
  const violations = await executeRows(db, PURGE_VIOLATIONS_SQL)
  return {
    done: bans.length + violations.length,
    more: bans.length === PURGE_CHUNK || violations.length === PURGE_CHUNK
  }
}

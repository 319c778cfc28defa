import { sql } from 'drizzle-orm'
import { horizon } from '../change-clock.ts'
import type { Db } from '../client.ts'
import { executeRows } from '../rows.ts'

/** How far the feed can be read where tasks are distributed. */
export interface SettledClock {
  /** No change before this position can appear any more, on any node. */
  horizon: string
  /** Transactions that are committed here and perhaps not yet on every node, as `xmin` has them. */
  unsettled: string[]
}

/** How far each database is known to be settled: what was committed by an earlier transaction is, on every node. */
const settledBefore = new WeakMap<Db, bigint>()

type Pending = { gid: string; node: number; xid: string }

/**
 * Reads the horizon where tasks are distributed. A change on one node is committed there before it is here, so that the
 * coordinator's own horizon is right for it. One on several nodes is committed here first, and on the nodes a moment
 * later, or when a node that has died is back: it holds the horizon back until it is on all of them.
 */
export async function readSettledClock(db: Db): Promise<SettledClock> {
  const known = settledBefore.get(db) ?? 0n
  const [row] = await executeRows<{ horizon: string; position_offset: string; recent: Pending[] }>(
    db,
    sql`
      SELECT (${horizon})::text AS horizon,
        coalesce((SELECT position_offset FROM change_clock), 0)::text AS position_offset,
        (
          SELECT coalesce(jsonb_agg(jsonb_build_object('gid', gid, 'node', groupid, 'xid', outer_xid::text)), '[]')
          FROM pg_dist_transaction
          WHERE outer_xid >= ${String(known)}::text::xid8
        ) AS recent`
  )
  const read = row as NonNullable<typeof row>
  const pending = await stillPrepared(db, read.recent)
  const offset = BigInt(read.position_offset)
  const xids = pending.map(({ xid }) => BigInt(xid))
  const settled = [BigInt(read.horizon) - offset, ...xids].reduce((a, b) => (a < b ? a : b))
  settledBefore.set(db, settled)
  return {
    horizon: String(settled + offset),
    unsettled: xids.map((xid) => String(xid % 2n ** 32n))
  }
}

/** Returns those that a node has still to commit; all of a node that does not answer. */
async function stillPrepared(db: Db, recent: Pending[]): Promise<Pending[]> {
  if (recent.length === 0) {
    return []
  }
  const answers = await executeRows<{ node: number; success: boolean; result: string }>(
    db,
    sql`
      SELECT n.groupid AS node, r.success, r.result
      FROM run_command_on_workers(
        'SELECT coalesce(jsonb_agg(gid), ''[]'') FROM pg_prepared_xacts WHERE database = current_database()'
      ) r
      JOIN pg_dist_node n ON n.nodename = r.nodename AND n.nodeport = r.nodeport`
  )
  const prepared = new Map(
    answers
      .filter(({ success }) => success)
      .map(({ node, result }) => [node, new Set<string>(JSON.parse(result))])
  )
  return recent.filter(({ gid, node }) => prepared.get(node)?.has(gid) ?? true)
}

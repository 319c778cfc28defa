import { sql } from 'drizzle-orm'
import type { PurgeOwned } from '../../core/owned-data.ts'
import type { Db } from '../../db/client.ts'
import { deleteOwned, type OwnedTable } from '../../db/delete-owned.ts'
import { executeRows } from '../../db/rows.ts'

const RETENTION_DAYS = 30
const PURGE_CHUNK = 1000

/**
 * Deletes a chunk of the deliveries that are older than they are kept, those that are not finished at least as long as
 * the feed has their changes. Call again while there is more.
 */
export async function purgeDeliveries(
  db: Db,
  feedDays: number
): Promise<{ done: number; more: boolean }> {
  const deleted = await executeRows(
    db,
    sql`
      DELETE FROM webhook_deliveries
      WHERE (owner_id, webhook_id, id) IN (
        SELECT owner_id, webhook_id, id
        FROM webhook_deliveries
        WHERE created_at < now() - make_interval(days => ${RETENTION_DAYS})
          AND (
            finished_at IS NOT NULL
            OR created_at < now() - make_interval(days => ${Math.max(RETENTION_DAYS, feedDays)})
          )
        ORDER BY created_at
        LIMIT ${PURGE_CHUNK}
      )
      RETURNING 1 AS one`
  )
  return { done: deleted.length, more: deleted.length === PURGE_CHUNK }
}

/** The tables of an owner, those that refer to others first. */
const OWNED: OwnedTable[] = [
  { table: sql`webhook_deliveries`, owner: sql`owner_id`, key: sql`webhook_id, id` },
  { table: sql`webhooks`, owner: sql`owner_id`, key: sql`id` }
]

/** Deletes a chunk of the webhooks of a deleted account and of what was sent to them. */
export const purgeWebhooksOf: PurgeOwned = async (tx, _ctx, userId) => {
  for (const table of OWNED) {
    if (await deleteOwned(tx, table, userId)) {
      return true
    }
  }
  return false
}

/**
 * Returns for how many seconds the delivery has been due that has waited longest; 0 when none is. Those do not count
 * that wait for others to the same webhook.
 */
export async function oldestDueSeconds(db: Db): Promise<number> {
  const [row] = await executeRows<{ seconds: number }>(
    db,
    sql`
      SELECT greatest(0, extract(epoch FROM now() - d.next_attempt_at))::float8 AS seconds
      FROM webhook_deliveries d
      JOIN webhooks w ON (w.owner_id, w.id) = (d.owner_id, d.webhook_id) AND w.enabled
      JOIN users u ON u.id = w.owner_id AND NOT u.disabled
      WHERE d.next_attempt_at IS NOT NULL
        AND NOT EXISTS (
          SELECT
          FROM webhook_deliveries f
          WHERE f.owner_id = w.owner_id AND f.webhook_id = w.id AND f.leased_until > now()
        )
      ORDER BY d.next_attempt_at
      LIMIT 1`
  )
  return row?.seconds ?? 0
}

/** Counts the enabled webhooks whose last attempts have all failed. */
export async function countFailing(db: Db): Promise<number> {
  const [row] = await executeRows<{ count: number }>(
    db,
    sql`SELECT count(*)::int AS count FROM webhooks WHERE enabled AND failing_since IS NOT NULL`
  )
  return row?.count ?? 0
}

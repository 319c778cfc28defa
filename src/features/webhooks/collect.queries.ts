import { sql } from 'drizzle-orm'
import type { Role } from '../../core/context.ts'
import type { Db } from '../../db/client.ts'
import { executeRows } from '../../db/rows.ts'
import { type DeliveredChange, webhookDeliveries } from '../../db/tables/webhooks.ts'

/** Longer than a turn takes; the webhook of a worker that has died is taken over after this. */
const LEASE_SECONDS = 30
/** Deliveries that wait: beyond it, changes wait in the feed. */
const MAX_PENDING = 10_000
/** Before it is looked at again whether there are fewer. */
const FULL_SECONDS = 30
/** Finished deliveries of a webhook: the newest stay for thirty days, others as long as there are no more than this. */
const MAX_KEPT = 10_000
const TRIM_CHUNK = 1000

/** A webhook that no worker makes deliveries for. */
export type IdleWebhook = {
  owner_id: string
  id: string
  position: string
  /** When one last did, in milliseconds; 0 for never. */
  last_turn: number
}

/** Lists enabled webhooks of whomever, by their ids, after one of them. */
export const listIdle = (db: Db, after: string, limit: number): Promise<IdleWebhook[]> =>
  executeRows(
    db,
    sql`
      SELECT
        w.owner_id, w.id, w.position::text AS position,
        coalesce(extract(epoch FROM w.leased_until), 0)::float8 AS last_turn
      FROM webhooks w
      JOIN users u ON u.id = w.owner_id AND NOT u.disabled
      WHERE w.enabled AND w.id > ${after}::uuid AND (w.leased_until IS NULL OR w.leased_until <= now())
      ORDER BY w.id
      LIMIT ${limit}`
  )

/** A webhook that this process, and no other, makes deliveries for. */
export type LeasedWebhook = {
  owner_id: string
  id: string
  types: string[]
  project_id: string | null
  position: string
  change_id: string
  not_before: string | null
  version: number
  /** Identifies the lease: another one ends later. */
  leased_until: string
  owner_name: string
  owner_role: Role
}

/** Leases a webhook, unless another process has been faster. */
export async function leaseWebhook(
  db: Db,
  { owner_id, id }: Pick<IdleWebhook, 'owner_id' | 'id'>
): Promise<LeasedWebhook | undefined> {
  const [leased] = await executeRows<LeasedWebhook>(
    db,
    sql`
      UPDATE webhooks w
      SET leased_until = now() + make_interval(secs => ${LEASE_SECONDS})
      FROM users u
      WHERE (w.owner_id, w.id) = (
          SELECT owner_id, id
          FROM webhooks
          WHERE owner_id = ${owner_id}
            AND id = ${id}
            AND enabled
            AND (leased_until IS NULL OR leased_until <= now())
          FOR UPDATE SKIP LOCKED
        )
        AND u.id = w.owner_id
        AND NOT u.disabled
      RETURNING
        w.owner_id, w.id, to_jsonb(w.types) AS types, w.project_id, w.position::text AS position, w.change_id,
        w.not_before::text AS not_before, w.version, w.leased_until::text AS leased_until,
        coalesce(u.username, u.email) AS owner_name, u.role AS owner_role`
  )
  return leased
}

/** Tells whether as many deliveries of a webhook wait as may. */
export async function isFull(db: Db, { owner_id, id }: LeasedWebhook): Promise<boolean> {
  const [row] = await executeRows<{ count: number }>(
    db,
    sql`
      SELECT count(*)::int AS count
      FROM (
        SELECT
        FROM webhook_deliveries
        WHERE owner_id = ${owner_id} AND webhook_id = ${id} AND next_attempt_at IS NOT NULL
        LIMIT ${MAX_PENDING}
      ) waiting`
  )
  return (row?.count ?? 0) >= MAX_PENDING
}

/** Lets a webhook wait whose deliveries do not get through. */
export async function postpone(
  db: Db,
  { owner_id, id, leased_until }: LeasedWebhook
): Promise<void> {
  await db.execute(sql`
    UPDATE webhooks
    SET leased_until = now() + make_interval(secs => ${FULL_SECONDS})
    WHERE owner_id = ${owner_id} AND id = ${id} AND leased_until = ${leased_until}::timestamptz`)
}

/**
 * Advances a leased webhook to a place in the feed, and ends its lease. Returns false when it has been changed, begun
 * anew or taken over meanwhile: what was read for it does not count then.
 */
export async function advance(
  tx: Db,
  { owner_id, id, position, change_id, version, leased_until }: LeasedWebhook,
  next: { position: string; id: string }
): Promise<boolean> {
  const advanced = await executeRows(
    tx,
    sql`
      UPDATE webhooks
      SET position = ${next.position}::bigint, change_id = ${next.id}::uuid, leased_until = now()
      WHERE owner_id = ${owner_id}
        AND id = ${id}
        AND enabled
        AND version = ${version}
        AND (position, change_id) = (${position}::bigint, ${change_id}::uuid)
        AND leased_until = ${leased_until}::timestamptz
      RETURNING 1 AS one`
  )
  return advanced.length > 0
}

/** Ends a lease without any effect. */
export async function release(
  db: Db,
  { owner_id, id, leased_until }: LeasedWebhook
): Promise<void> {
  await db.execute(sql`
    UPDATE webhooks
    SET leased_until = now()
    WHERE owner_id = ${owner_id} AND id = ${id} AND leased_until = ${leased_until}::timestamptz`)
}

export interface CollectedDelivery {
  id: string
  change_id: string
  type: string
  change: DeliveredChange
}

/** Inserts deliveries that are due at once. */
export async function insertDeliveries(
  tx: Db,
  { owner_id, id: webhook_id }: LeasedWebhook,
  collected: CollectedDelivery[]
): Promise<void> {
  if (collected.length > 0) {
    await tx.insert(webhookDeliveries).values(
      collected.map((delivery) => ({
        owner_id,
        webhook_id,
        ...delivery,
        next_attempt_at: sql`now()` as never
      }))
    )
  }
}

/** Deletes a chunk of the finished deliveries of a webhook that has too many. Those that wait are not counted. */
export async function trimDeliveries(db: Db, { owner_id, id }: LeasedWebhook): Promise<void> {
  const isOf = sql`owner_id = ${owner_id} AND webhook_id = ${id}`
  await db.execute(sql`
    DELETE FROM webhook_deliveries
    WHERE ${isOf}
      AND id = ANY (ARRAY(
        SELECT id
        FROM webhook_deliveries
        WHERE ${isOf}
          AND finished_at IS NOT NULL
          AND id <= (
            SELECT id
            FROM webhook_deliveries
            WHERE ${isOf} AND finished_at IS NOT NULL
            ORDER BY id DESC
            OFFSET ${MAX_KEPT}
            LIMIT 1
          )
        ORDER BY id
        LIMIT ${TRIM_CHUNK}
      ))`)
}

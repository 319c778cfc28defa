import { type SQL, sql } from 'drizzle-orm'
import type { Role } from '../../core/context.ts'
import type { Db } from '../../db/client.ts'
import { executeRows } from '../../db/rows.ts'
import type { DeliveredChange, DeliveryAttempt } from '../../db/tables/webhooks.ts'
import { withTransaction } from '../../db/transaction.ts'

/** Longer than an attempt may take; the deliveries of a worker that has died are tried again after this. */
const LEASE_SECONDS = 30
/** Attempts at one webhook at the same time, in all processes together. */
const MAX_IN_FLIGHT = 5

/** A delivery that this process, and no other, is to attempt now. */
export type LeasedDelivery = {
  owner_id: string
  webhook_id: string
  id: string
  change_id: string
  type: string
  change: DeliveredChange
  attempts: DeliveryAttempt[]
  attempt_count: number
  /** Identifies the lease: another one ends later. */
  leased_until: string
  url: string
  secret: string
  previous_secret: string | null
  owner_name: string
  owner_role: Role
}

type LockedWebhook = Pick<
  LeasedDelivery,
  'owner_id' | 'webhook_id' | 'url' | 'secret' | 'previous_secret' | 'owner_name' | 'owner_role'
>

interface LeaseOptions {
  /** How many deliveries at most. */
  limit: number
  /** How many of one owner at most, with those that are in flight. */
  perOwner: number
  /** How many of each owner are in flight in this process. */
  inFlight: Map<string, number>
}

/**
 * Leases deliveries that are due: of each webhook one, then a second of each, and so on. Whoever has many, or a slow
 * receiver, takes nothing from others. This is the one place that reads the deliveries of all owners.
 */
export const leaseDue = (db: Db, options: LeaseOptions): Promise<LeasedDelivery[]> =>
  withTransaction(db, async (tx) => {
    const locked = await lockDue(tx, options)
    if (locked.length === 0) {
      return []
    }
    const webhooks = new Map(locked.map((webhook) => [webhook.webhook_id, webhook]))
    // A statement of its own: only now does it see what others had leased before they let the webhooks go.
    const leased = await leaseOf(tx, locked, options)
    return leased.map((delivery) => ({
      ...delivery,
      ...(webhooks.get(delivery.webhook_id) as LockedWebhook)
    }))
  })

const uuids = (ids: string[]): SQL => sql`${`{${ids.join()}}`}::uuid[]`

/** Locks enabled webhooks that have something due, for as long as it takes to lease it. */
function lockDue(tx: Db, { limit, perOwner, inFlight }: LeaseOptions): Promise<LockedWebhook[]> {
  const busy = [...inFlight].filter(([, count]) => count >= perOwner).map(([owner]) => owner)
  return executeRows(
    tx,
    sql`
      SELECT
        w.owner_id, w.id AS webhook_id, w.url, w.secret,
        CASE WHEN w.previous_secret_until > now() THEN w.previous_secret END AS previous_secret,
        coalesce(u.username, u.email) AS owner_name, u.role AS owner_role
      FROM webhooks w
      JOIN users u ON u.id = w.owner_id AND NOT u.disabled
      WHERE w.enabled
        AND NOT w.owner_id = ANY(${uuids(busy)})
        AND EXISTS (
          SELECT
          FROM webhook_deliveries d
          WHERE d.owner_id = w.owner_id AND d.webhook_id = w.id AND d.next_attempt_at <= now()
        )
        AND (
          SELECT count(*)
          FROM webhook_deliveries d
          WHERE d.owner_id = w.owner_id AND d.webhook_id = w.id AND d.leased_until > now()
        ) < ${MAX_IN_FLIGHT}
      ORDER BY random()
      LIMIT ${limit}
      FOR UPDATE OF w SKIP LOCKED`
  )
}

type LeasedRow = Omit<LeasedDelivery, Exclude<keyof LockedWebhook, 'owner_id' | 'webhook_id'>>

const leaseOf = (
  tx: Db,
  locked: LockedWebhook[],
  { limit, perOwner, inFlight }: LeaseOptions
): Promise<LeasedRow[]> =>
  executeRows(
    tx,
    sql`
      WITH due AS (
        SELECT d.owner_id, d.webhook_id, d.id, d.rank
        FROM unnest(
          ${uuids(locked.map((it) => it.owner_id))},
          ${uuids(locked.map((it) => it.webhook_id))}
        ) AS w (owner_id, webhook_id)
        CROSS JOIN LATERAL (
          SELECT count(*) AS in_flight
          FROM webhook_deliveries f
          WHERE f.owner_id = w.owner_id AND f.webhook_id = w.webhook_id AND f.leased_until > now()
        ) f
        CROSS JOIN LATERAL (
          SELECT n.*, row_number() OVER (ORDER BY n.next_attempt_at) + f.in_flight AS rank
          FROM (
            SELECT owner_id, webhook_id, id, next_attempt_at
            FROM webhook_deliveries d
            WHERE d.owner_id = w.owner_id AND d.webhook_id = w.webhook_id AND d.next_attempt_at <= now()
            ORDER BY d.next_attempt_at
            LIMIT ${MAX_IN_FLIGHT}
          ) n
        ) d
        WHERE d.rank <= ${MAX_IN_FLIGHT}
      ),
      fair AS (
        SELECT owner_id, webhook_id, id, rank, row_number() OVER (PARTITION BY owner_id ORDER BY rank) AS of_owner
        FROM due
      ),
      chosen AS (
        SELECT owner_id, webhook_id, id
        FROM fair
        LEFT JOIN unnest(
          ${uuids([...inFlight.keys()])},
          ${`{${[...inFlight.values()].join()}}`}::int[]
        ) AS busy (owner, in_flight) ON busy.owner = fair.owner_id
        WHERE of_owner + coalesce(busy.in_flight, 0) <= ${perOwner}
        ORDER BY rank
        LIMIT ${limit}
      )
      UPDATE webhook_deliveries d
      SET
        leased_until = now() + make_interval(secs => ${LEASE_SECONDS}),
        next_attempt_at = now() + make_interval(secs => ${LEASE_SECONDS})
      FROM chosen
      WHERE (d.owner_id, d.webhook_id, d.id) = (chosen.owner_id, chosen.webhook_id, chosen.id)
      RETURNING
        d.owner_id, d.webhook_id, d.id, d.change_id, d.type, d.change, d.attempts, d.attempt_count,
        d.leased_until::text AS leased_until`
  )

/** Gives back what a process had leased that ran before this one, where no other can be running. */
export async function releaseAll(db: Db): Promise<void> {
  await db.execute(sql`UPDATE webhooks SET leased_until = now() WHERE leased_until > now()`)
  await db.execute(sql`
    UPDATE webhook_deliveries
    SET leased_until = NULL, next_attempt_at = now()
    WHERE leased_until IS NOT NULL AND next_attempt_at IS NOT NULL`)
}

/** Gives back a delivery as if it had not been attempted. */
export async function releaseDelivery(
  db: Db,
  { owner_id, webhook_id, id, leased_until }: LeasedDelivery
): Promise<void> {
  await db.execute(sql`
    UPDATE webhook_deliveries
    SET leased_until = NULL, next_attempt_at = now()
    WHERE owner_id = ${owner_id}
      AND webhook_id = ${webhook_id}
      AND id = ${id}
      AND leased_until = ${leased_until}::timestamptz`)
}

/** What an attempt has come to: accepted, to be tried again after some seconds, or given up. */
export interface Outcome {
  attempts: DeliveryAttempt[]
  status: 'pending' | 'succeeded' | 'failed'
  retrySeconds: number | null
}

/** Stores what an attempt has come to, unless its lease has ended and another process is at it. */
export async function storeOutcome(
  tx: Db,
  { owner_id, webhook_id, id, leased_until }: LeasedDelivery,
  { attempts, status, retrySeconds }: Outcome
): Promise<boolean> {
  const stored = await executeRows(
    tx,
    sql`
      UPDATE webhook_deliveries
      SET
        status = ${status},
        attempts = ${JSON.stringify(attempts)}::jsonb,
        attempt_count = attempt_count + 1,
        leased_until = NULL,
        next_attempt_at = now() + make_interval(secs => ${retrySeconds}::float8),
        finished_at = CASE WHEN ${status}::text <> 'pending' THEN now() END
      WHERE owner_id = ${owner_id}
        AND webhook_id = ${webhook_id}
        AND id = ${id}
        AND leased_until = ${leased_until}::timestamptz
      RETURNING 1 AS one`
  )
  return stored.length > 0
}

/** Notes that a receiver has accepted something: whatever failed before, it works. One of an old URL does not count. */
export async function noteSuccess(
  tx: Db,
  { owner_id, webhook_id, url }: LeasedDelivery
): Promise<void> {
  await tx.execute(sql`
    UPDATE webhooks
    SET failing_since = NULL
    WHERE owner_id = ${owner_id} AND id = ${webhook_id} AND url = ${url} AND failing_since IS NOT NULL`)
}

/** Notes that an attempt has failed at the present URL; returns true when none has succeeded for some days. */
export async function noteFailure(
  tx: Db,
  { owner_id, webhook_id, url }: LeasedDelivery,
  days: number
): Promise<boolean> {
  const [row] = await executeRows<{ is_over: boolean }>(
    tx,
    sql`
      UPDATE webhooks
      SET failing_since = coalesce(failing_since, now())
      WHERE owner_id = ${owner_id} AND id = ${webhook_id} AND url = ${url}
      RETURNING failing_since < now() - make_interval(days => ${days}) AS is_over`
  )
  return row?.is_over === true
}

/** Disables a webhook; returns whom to tell, or undefined when it was disabled already or has another URL now. */
export async function disableWebhook(
  tx: Db,
  { owner_id, webhook_id, url }: LeasedDelivery,
  reason: string
): Promise<{ email: string | null; email_verified: boolean; name: string | null } | undefined> {
  const [owner] = await executeRows<{
    email: string | null
    email_verified: boolean
    name: string | null
  }>(
    tx,
    sql`
      UPDATE webhooks w
      SET enabled = false, disabled_reason = ${reason}, version = w.version + 1, updated_at = now()
      FROM users u
      WHERE w.owner_id = ${owner_id}
        AND w.id = ${webhook_id}
        AND w.url = ${url}
        AND w.enabled
        AND u.id = w.owner_id
      RETURNING u.email, u.email_verified, u.name`
  )
  return owner
}

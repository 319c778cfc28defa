import { and, desc, eq, isNotNull, lt, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { webhookDeliveries as deliveries } from '../../db/tables/webhooks.ts'
import { PING, type WebhookDelivery, type WebhookDeliveryStatus } from './delivery.schema.ts'

const columns = {
  id: deliveries.id,
  change_id: deliveries.change_id,
  type: deliveries.type,
  status: deliveries.status,
  attempt_count: deliveries.attempt_count,
  attempts: deliveries.attempts,
  created_at: deliveries.created_at,
  next_attempt_at: deliveries.next_attempt_at,
  finished_at: deliveries.finished_at
}

const isOf = (owner_id: string, webhook_id: string) =>
  and(eq(deliveries.owner_id, owner_id), eq(deliveries.webhook_id, webhook_id))
const isDelivery = (owner_id: string, webhook_id: string, id: string) =>
  and(isOf(owner_id, webhook_id), eq(deliveries.id, id))

export type NewDelivery = Pick<
  typeof deliveries.$inferInsert,
  'owner_id' | 'webhook_id' | 'id' | 'change_id' | 'type' | 'change'
>

/** Inserts a delivery that is due at once. */
export async function insertDelivery(tx: Db, delivery: NewDelivery): Promise<WebhookDelivery> {
  const [row] = await tx
    .insert(deliveries)
    .values({ ...delivery, next_attempt_at: sql`now()` as never })
    .returning(columns)
  return row as WebhookDelivery
}

/** Counts the trials of a webhook that are not finished, up to a limit. */
export async function countPings(
  tx: Db,
  owner_id: string,
  webhook_id: string,
  limit: number
): Promise<number> {
  const waiting = tx
    .select({ id: deliveries.id })
    .from(deliveries)
    .where(
      and(
        isOf(owner_id, webhook_id),
        eq(deliveries.type, PING),
        isNotNull(deliveries.next_attempt_at)
      )
    )
    .limit(limit)
  return (await waiting).length
}

/** Lists the deliveries of a webhook, newest first, after one of them if it is given. */
export const listDeliveries = (
  db: Db,
  owner_id: string,
  webhook_id: string,
  {
    limit,
    after,
    status
  }: { limit: number; after: string | undefined; status: WebhookDeliveryStatus | undefined }
): Promise<WebhookDelivery[]> =>
  db
    .select(columns)
    .from(deliveries)
    .where(
      and(
        isOf(owner_id, webhook_id),
        after === undefined ? undefined : lt(deliveries.id, after),
        status === undefined ? undefined : eq(deliveries.status, status)
      )
    )
    .orderBy(desc(deliveries.id))
    .limit(limit) as Promise<WebhookDelivery[]>

export async function findDelivery(
  db: Db,
  owner_id: string,
  webhook_id: string,
  id: string
): Promise<WebhookDelivery | undefined> {
  const [row] = await db
    .select(columns)
    .from(deliveries)
    .where(isDelivery(owner_id, webhook_id, id))
  return row as WebhookDelivery | undefined
}

/** Makes a delivery due at once, as if it were new; returns undefined for one that is in flight, and stays as it is. */
export async function makeDue(
  tx: Db,
  owner_id: string,
  webhook_id: string,
  id: string
): Promise<WebhookDelivery | undefined> {
  const [row] = await tx
    .update(deliveries)
    .set({
      status: 'pending',
      attempt_count: 0,
      next_attempt_at: sql`now()` as never,
      finished_at: null
    })
    .where(
      and(
        isDelivery(owner_id, webhook_id, id),
        sql`(${deliveries.leased_until} IS NULL OR ${deliveries.leased_until} < now())`
      )
    )
    .returning(columns)
  return row as WebhookDelivery | undefined
}

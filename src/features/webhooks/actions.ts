import { audit } from '../../core/audit.ts'
import type { RequestContext } from '../../core/context.ts'
import { Problem } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import { joinTransaction, type Tx, withTransaction } from '../../db/transaction.ts'
import { newId } from '../../lib/uuid.ts'
import { countPings, findDelivery, insertDelivery, makeDue } from './deliveries.queries.ts'
import { PING, type WebhookDelivery } from './delivery.schema.ts'
import { findWebhook } from './queries.ts'
import { assertEnabled, lockOwn } from './service.ts'

/** Trials of a webhook that wait, for a receiver that does not respond. */
const MAX_PINGS = 100

export interface ActionDeps {
  db: Db
  /** Wakes the workers that deliver. */
  wakeJobs?: (() => void) | undefined
}

/** Sends a trial to a webhook of the caller, in `tx` when there is one. */
export const pingWebhook = (
  { db, wakeJobs }: ActionDeps,
  ctx: RequestContext,
  webhook_id: string,
  tx?: Tx
): Promise<WebhookDelivery> =>
  joinTransaction(db, tx, async (tx) => {
    assertEnabled(await lockOwn(tx, ctx, webhook_id))
    if ((await countPings(tx, ctx.caller.id, webhook_id, MAX_PINGS)) >= MAX_PINGS) {
      throw new Problem('quota_exceeded', {
        detail: `${MAX_PINGS} pings of this webhook wait for its receiver to respond.`
      })
    }
    const change_id = newId()
    const delivery = await insertDelivery(tx, {
      owner_id: ctx.caller.id,
      webhook_id,
      id: newId(),
      change_id,
      type: PING,
      change: pingOf(ctx, webhook_id, change_id)
    })
    wake(tx, wakeJobs)
    return delivery
  })

/** A change about the webhook itself, so that receivers read it like any other. */
const pingOf = ({ caller, requestId }: RequestContext, webhook_id: string, id: string) => ({
  id,
  type: PING,
  occurred_at: new Date().toISOString(),
  actor_id: caller.id,
  request_id: requestId,
  project_id: null,
  resource: { type: 'webhook', id: webhook_id, version: null },
  changed_fields: [],
  data: null
})

/** Sends what was accepted or given up once more, and what waits at once; throws for what is being sent. */
export const redeliver = (
  { db, wakeJobs }: ActionDeps,
  ctx: RequestContext,
  webhook_id: string,
  id: string
): Promise<WebhookDelivery> =>
  withTransaction(db, async (tx) => {
    const owner_id = ctx.caller.id
    assertEnabled(await lockOwn(tx, ctx, webhook_id))
    const delivery = await makeDue(tx, owner_id, webhook_id, id)
    if (!delivery) {
      await readDelivery(tx, ctx, webhook_id, id)
      throw new Problem('delivery_in_flight', {
        detail: 'The delivery is being sent at this moment. Read what comes of it, then ask again.'
      })
    }
    await audit.succeeded(tx, ctx, 'webhook.redelivered', { webhook: webhook_id }, `delivery ${id}`)
    wake(tx, wakeJobs)
    return delivery
  })

function wake(tx: Tx, wakeJobs: ActionDeps['wakeJobs']): void {
  if (wakeJobs) {
    tx.afterCommit(wakeJobs)
  }
}

/** Returns a delivery to a webhook of the caller. */
export async function readDelivery(
  db: Db,
  { caller }: RequestContext,
  webhook_id: string,
  id: string
): Promise<WebhookDelivery> {
  const delivery = await findDelivery(db, caller.id, webhook_id, id)
  if (!delivery) {
    throw new Problem('not_found')
  }
  return delivery
}

/** Throws when the caller has no such webhook. */
export async function assertExists(db: Db, { caller }: RequestContext, id: string): Promise<void> {
  if (!(await findWebhook(db, caller.id, id))) {
    throw new Problem('not_found')
  }
}

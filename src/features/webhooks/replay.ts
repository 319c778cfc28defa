import type { Config } from '../../config.ts'
import { audit } from '../../core/audit.ts'
import type { RequestContext } from '../../core/context.ts'
import type { Deps } from '../../core/deps.ts'
import { invalidField, Problem } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import { withTransaction } from '../../db/transaction.ts'
import { normalizeTimestamp } from '../../lib/timestamp.ts'
import { createChangeReader, findPlaceOfTime } from '../changes/service.ts'
import { rewind } from './queries.ts'
import type { Webhook, WebhookReplay } from './schema.ts'
import { assertEnabled, lockOwn, readWebhook } from './service.ts'

const DAY_MS = 86_400_000

export interface ReplayDeps extends Pick<Deps, 'secrets' | 'wakeJobs'> {
  db: Db
  config: Pick<Config, 'CHANGES_RETENTION_DAYS'>
}

/** Lets a webhook of the caller begin anew behind a cursor of the feed or at a time. Returns the webhook. */
export async function replayWebhook(
  deps: ReplayDeps,
  ctx: RequestContext,
  id: string,
  from: WebhookReplay
): Promise<Webhook> {
  const { db, wakeJobs } = deps
  assertEnabled(await readWebhook(db, ctx, id))
  const place = await placeOf(deps, ctx, from)
  return withTransaction(db, async (tx) => {
    const webhook = await lockOwn(tx, ctx, id)
    assertEnabled(webhook)
    await rewind(tx, ctx.caller.id, id, place)
    const detail = from.since === undefined ? 'behind a cursor' : `since ${from.since}`
    await audit.succeeded(tx, ctx, 'webhook.replayed', { webhook: id }, detail)
    if (wakeJobs) {
      tx.afterCommit(wakeJobs)
    }
    return webhook
  })
}

async function placeOf(
  { db, ...deps }: ReplayDeps,
  { caller }: RequestContext,
  { cursor, since }: WebhookReplay
) {
  if (since === undefined) {
    const { cursors } = createChangeReader({ db, ...deps })
    const given = { cursor: String(cursor), in: 'body', pointer: '/cursor' } as const
    // Of any filter: what a webhook sends is filtered by the webhook.
    const { position, id } = cursors.decode(caller, given)
    return { position, change_id: id }
  }
  const time = normalizeTimestamp(since)
  const age = Date.now() - Date.parse(time)
  if (age < 0) {
    throw invalidField('body', '/since', 'out_of_range', 'since must be in the past.')
  }
  if (age > deps.config.CHANGES_RETENTION_DAYS * DAY_MS) {
    throw new Problem('cursor_expired')
  }
  const { position } = await findPlaceOfTime(db, caller.id, time)
  return { position, not_before: time }
}

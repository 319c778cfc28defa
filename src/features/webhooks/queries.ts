import { and, eq, sql } from 'drizzle-orm'
import { NIL } from 'uuid'
import { horizon } from '../../db/change-clock.ts'
import type { Db } from '../../db/client.ts'
import { afterCursor, type KeysetPosition, newestFirst } from '../../db/keyset.ts'
import { executeRows } from '../../db/rows.ts'
import { webhooks } from '../../db/tables/webhooks.ts'
import type { Webhook } from './schema.ts'

/** Null once it is over. */
const previousSecretUntil = sql<string | null>`
  CASE WHEN ${webhooks.previous_secret_until} > now() THEN ${webhooks.previous_secret_until} END`
const columns = {
  id: webhooks.id,
  url: webhooks.url,
  types: sql<Webhook['types']>`${webhooks.types}`
    .mapWith((value) => webhooks.types.mapFromDriverValue(value) as Webhook['types'])
    .as('types'),
  project_id: webhooks.project_id,
  description: webhooks.description,
  enabled: webhooks.enabled,
  disabled_reason: webhooks.disabled_reason,
  previous_secret_until: previousSecretUntil
    .mapWith(webhooks.previous_secret_until)
    .as('previous_secret_until'),
  version: webhooks.version,
  created_at: webhooks.created_at,
  updated_at: webhooks.updated_at
}

const isWebhook = (owner_id: string, id: string) =>
  and(eq(webhooks.owner_id, owner_id), eq(webhooks.id, id))

/** Locks the account of the owner and counts their webhooks: this serializes those who add one. */
export async function countUnderLock(tx: Db, owner_id: string): Promise<number> {
  await tx.execute(sql`SELECT FROM users WHERE id = ${owner_id} FOR NO KEY UPDATE`)
  return tx.$count(webhooks, eq(webhooks.owner_id, owner_id))
}

export type NewWebhook = Pick<
  typeof webhooks.$inferInsert,
  'owner_id' | 'id' | 'url' | 'types' | 'project_id' | 'description' | 'enabled' | 'secret'
>

/** Inserts a webhook that gets what happens from now on. */
export async function insertWebhook(tx: Db, webhook: NewWebhook): Promise<Webhook> {
  const [row] = await tx
    .insert(webhooks)
    .values({ ...webhook, position: sql`${horizon}`, change_id: NIL })
    .returning(columns)
  return row as Webhook
}

export async function findWebhook(
  db: Db,
  owner_id: string,
  id: string
): Promise<Webhook | undefined> {
  const [row] = await db.select(columns).from(webhooks).where(isWebhook(owner_id, id))
  return row
}

/** Returns a webhook that nobody else changes until the transaction ends. */
export async function lockWebhook(
  tx: Db,
  owner_id: string,
  id: string
): Promise<Webhook | undefined> {
  const [row] = await tx.select(columns).from(webhooks).where(isWebhook(owner_id, id)).for('update')
  return row
}

/** Lists the webhooks of an owner, newest first, after a position if one is given. */
export const listWebhooks = (
  db: Db,
  owner_id: string,
  limit: number,
  after?: KeysetPosition
): Promise<Webhook[]> =>
  db
    .select(columns)
    .from(webhooks)
    .where(and(eq(webhooks.owner_id, owner_id), afterCursor(webhooks, after)))
    .orderBy(...newestFirst(webhooks))
    .limit(limit)

export type WebhookChange = Partial<typeof webhooks.$inferInsert>

/** Changes a locked webhook to a new version. */
export async function updateWebhook(
  tx: Db,
  owner_id: string,
  id: string,
  change: WebhookChange
): Promise<Webhook> {
  const [row] = await tx
    .update(webhooks)
    .set({ ...change, version: sql`${webhooks.version} + 1`, updated_at: sql`now()` })
    .where(isWebhook(owner_id, id))
    .returning(columns)
  return row as Webhook
}

/**
 * Replaces the secret of a locked webhook. The one before stays valid for `hours`; without `hours` the one
 * before is over at once, and an earlier one stays as it is.
 */
export const replaceSecret = (
  tx: Db,
  owner_id: string,
  id: string,
  { secret, hours }: { secret: string; hours: number | undefined }
): Promise<Webhook> =>
  updateWebhook(tx, owner_id, id, {
    secret,
    ...(hours !== undefined && {
      previous_secret: sql`${webhooks.secret}` as never,
      previous_secret_until: sql`now() + make_interval(hours => ${hours})` as never
    })
  })

/** Lets a webhook begin anew behind a place of the feed, without what happened before a time if one is given. */
export async function rewind(
  tx: Db,
  owner_id: string,
  id: string,
  { position, change_id, not_before }: { position: string; change_id?: string; not_before?: string }
): Promise<void> {
  await tx
    .update(webhooks)
    .set({
      position: BigInt(position),
      change_id: change_id ?? NIL,
      not_before: not_before ?? null,
      leased_until: null
    })
    .where(isWebhook(owner_id, id))
}

/** Deletes a webhook with its deliveries; returns false when there is none. */
export async function deleteWebhook(tx: Db, owner_id: string, id: string): Promise<boolean> {
  const deleted = await tx
    .delete(webhooks)
    .where(isWebhook(owner_id, id))
    .returning({ id: webhooks.id })
  return deleted.length === 1
}

export interface StoredSecrets extends Record<string, unknown> {
  owner_id: string
  id: string
  secret: string
  previous_secret: string | null
}

/** Lists secrets, of whomever, that were not sealed with the present secret of the installation. */
export const listSealedOtherwise = (
  db: Db,
  seal: string,
  after: string,
  limit: number
): Promise<StoredSecrets[]> =>
  executeRows(
    db,
    sql`
      SELECT owner_id, id, secret, previous_secret
      FROM webhooks
      WHERE id > ${after}::uuid
        AND (NOT starts_with(secret, ${seal}) OR NOT starts_with(previous_secret, ${seal}))
      ORDER BY id
      LIMIT ${limit}`
  )

/** Stores how secrets are sealed now, unless they have been replaced meanwhile. */
export async function storeSealed(
  db: Db,
  before: StoredSecrets,
  sealed: Pick<StoredSecrets, 'secret' | 'previous_secret'>
): Promise<void> {
  await db
    .update(webhooks)
    .set(sealed)
    .where(and(isWebhook(before.owner_id, before.id), eq(webhooks.secret, before.secret)))
}

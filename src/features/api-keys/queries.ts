import { and, eq, gt, inArray, sql } from 'drizzle-orm'
import type { Caller } from '../../core/context.ts'
import type { Db } from '../../db/client.ts'
import { afterCursor, type KeysetPosition, newestFirst } from '../../db/keyset.ts'
import { prepared } from '../../db/prepared-statements.ts'
import { apiKeys } from '../../db/tables/api-keys.ts'
import { users } from '../../db/tables/users.ts'
import type { ApiKey } from './schema.ts'

const columns = {
  id: apiKeys.id,
  name: apiKeys.name,
  prefix: apiKeys.prefix,
  scopes: sql`${apiKeys.scopes}`.mapWith(
    (value) => apiKeys.scopes.mapFromDriverValue(value) as string[]
  ),
  created_at: apiKeys.created_at,
  expires_at: apiKeys.expires_at,
  last_used_at: apiKeys.last_used_at
}
export type NewKey = Pick<
  typeof apiKeys.$inferInsert,
  'id' | 'user_id' | 'name' | 'prefix' | 'hash' | 'scopes' | 'expires_at'
>
export interface KeyOwner extends Pick<Caller, 'id' | 'name' | 'role' | 'is_unverified'> {
  key_id: string
  scopes: string[]
  recentlyUsed: boolean
}

/** Finds the enabled owner of a live key; prepared, since every request with a key runs it. */
export function prepareFindKeyOwner(db: Db) {
  const query = prepared(
    db
      .select({
        id: users.id,
        name: sql<string>`coalesce(${users.username}, ${users.email})`,
        role: users.role,
        is_unverified: sql<boolean>`${users.email} IS NOT NULL AND NOT ${users.email_verified}`,
        key_id: apiKeys.id,
        scopes: columns.scopes,
        recentlyUsed: sql<boolean>`coalesce(
          ${apiKeys.last_used_at} > now() - interval '1 minute',
          false
        )`
      })
      .from(apiKeys)
      .innerJoin(users, eq(users.id, apiKeys.user_id))
      .where(
        and(
          eq(apiKeys.hash, sql.placeholder('hash')),
          gt(apiKeys.expires_at, sql`now()`),
          eq(users.disabled, false)
        )
      ),
    'find_key_owner'
  )
  return async (hash: string): Promise<KeyOwner | undefined> => (await query.execute({ hash }))[0]
}

/** Returns which of some keys are valid, with the role that their owner has now. */
export const listLiveKeys = (
  db: Db,
  ids: string[]
): Promise<{ id: string; role: Caller['role'] }[]> =>
  db
    .select({ id: apiKeys.id, role: users.role })
    .from(apiKeys)
    .innerJoin(users, eq(users.id, apiKeys.user_id))
    .where(
      and(inArray(apiKeys.id, ids), gt(apiKeys.expires_at, sql`now()`), eq(users.disabled, false))
    )

/** Stores when a key was used, to the minute; of parallel requests one writes. */
export async function touchLastUsed(db: Db, id: string): Promise<void> {
  await db
    .update(apiKeys)
    .set({ last_used_at: sql`now()` })
    .where(
      and(
        eq(apiKeys.id, id),
        sql`coalesce(${apiKeys.last_used_at} <= now() - interval '1 minute', true)`
      )
    )
}

/** Counts the keys of a user, whose row is locked, so that of two requests at the limit one sees the other's key. */
export const countKeys = (tx: Db, user_id: string): Promise<number> =>
  tx.$count(apiKeys, eq(apiKeys.user_id, user_id))

/** Compares a timestamp with the database's clock; a year allows five minutes more, for clocks that are fast. */
export async function checkExpiry(
  tx: Db,
  expires_at: string
): Promise<{ isPast: boolean; isTooFar: boolean }> {
  const at = sql`${expires_at}::timestamptz`
  const [row] = await tx
    .select({
      isPast: sql<boolean>`${at} <= now()`,
      isTooFar: sql<boolean>`${at} > now() + interval '1 year 5 minutes'`
    })
    .from(sql`(SELECT 1) AS one`)
  return row as { isPast: boolean; isTooFar: boolean }
}

export async function insertKey(tx: Db, key: NewKey): Promise<ApiKey> {
  const [row] = await tx.insert(apiKeys).values(key).returning(columns)
  return row as ApiKey
}

/** Lists the keys of a user, newest first, from a position if one is given. */
export async function listKeys(
  db: Db,
  user_id: string,
  limit: number,
  after?: KeysetPosition
): Promise<ApiKey[]> {
  return db
    .select(columns)
    .from(apiKeys)
    .where(and(eq(apiKeys.user_id, user_id), afterCursor(apiKeys, after)))
    .orderBy(...newestFirst(apiKeys))
    .limit(limit)
}

/** Deletes one key of a user; returns false when there is none. */
export async function deleteKey(tx: Db, user_id: string, id: string): Promise<boolean> {
  const deleted = await tx
    .delete(apiKeys)
    .where(and(eq(apiKeys.user_id, user_id), eq(apiKeys.id, id)))
    .returning({ id: apiKeys.id })
  return deleted.length === 1
}

/** Deletes all keys of a user and returns their ids. */
export async function deleteKeysOf(tx: Db, user_id: string): Promise<string[]> {
  const deleted = await tx
    .delete(apiKeys)
    .where(eq(apiKeys.user_id, user_id))
    .returning({ id: apiKeys.id })
  return deleted.map(({ id }) => id)
}

/** Deletes the keys of a deleted account, of which there are never many. */
export async function purgeKeysOf(tx: Db, _ctx: unknown, user_id: string): Promise<boolean> {
  await deleteKeysOf(tx, user_id)
  return false
}

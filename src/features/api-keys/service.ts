import { audit } from '../../core/audit.ts'
import type { Actor, Caller, RequestContext } from '../../core/context.ts'
import { invalidField, Problem } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import { type Tx, withTransaction } from '../../db/transaction.ts'
import { generateApiKey, isApiKey } from '../../lib/api-key.ts'
import { normalizeTimestamp } from '../../lib/timestamp.ts'
import { hashToken } from '../../lib/token.ts'
import { newId } from '../../lib/uuid.ts'
import {
  type IdentityDeps,
  lockForCredentialChange,
  notices,
  notifyOwner,
  type VerifiedAccount
} from '../identity/service.ts'
import {
  checkExpiry,
  countKeys,
  deleteKey,
  deleteKeysOf,
  insertKey,
  listKeys,
  listLiveKeys,
  prepareFindKeyOwner,
  touchLastUsed
} from './queries.ts'
import type { ApiKeyCreate, ApiKeyCreated } from './schema.ts'

export type NewApiKey = Omit<ApiKeyCreate, 'current_password'>

const MAX_KEYS = 50

/** Returns the roles of the owners of those keys that are valid, by the keys' ids. */
export const readLiveKeys = async (db: Db, ids: string[]): Promise<Map<string, Caller['role']>> =>
  new Map((ids.length === 0 ? [] : await listLiveKeys(db, ids)).map(({ id, role }) => [id, role]))

/** Finds the caller behind a key. Nothing is cached: a revoked key stops working at once, on every instance. */
export function createKeyResolver(db: Db) {
  const findOwner = prepareFindKeyOwner(db)
  return async function resolveKey(text: string): Promise<Caller | undefined> {
    const owner = isApiKey(text) ? await findOwner(hashToken(text)) : undefined
    if (!owner) {
      return undefined
    }
    const { key_id, scopes, recentlyUsed, ...person } = owner
    if (!recentlyUsed) {
      await touchLastUsed(db, key_id)
    }
    return { ...person, session_id: '', key: { id: key_id, scopes } }
  }
}

/**
 * Creates a key in the caller's transaction, with the password, verified or entered a few minutes ago. The secret is in
 * the response and nowhere else.
 */
export async function createKey(
  tx: Tx,
  ctx: RequestContext,
  deps: IdentityDeps,
  { name, scopes, expires_at }: NewApiKey,
  verified?: VerifiedAccount
): Promise<ApiKeyCreated> {
  const user_id = ctx.caller.id
  await assertExpiry(tx, expires_at)
  const owner = await lockForCredentialChange(tx, ctx, { what: 'A new API key', verified })
  if ((await countKeys(tx, user_id)) >= MAX_KEYS) {
    throw new Problem('too_many_keys', {
      detail: `You have ${MAX_KEYS} API keys. Revoke one that you no longer need.`
    })
  }
  const { key, prefix } = generateApiKey()
  const created = await insertKey(tx, {
    id: newId(),
    user_id,
    name: name.trim(),
    prefix,
    hash: hashToken(key),
    scopes: [...new Set(scopes)],
    expires_at: normalizeTimestamp(expires_at)
  })
  const detail = created.scopes.join(' ')
  await audit.succeeded(tx, ctx, 'api_key.created', { api_key: created.id }, detail)
  notifyOwner(tx, deps, owner, notices.keyCreated(created))
  return { ...created, key }
}

async function assertExpiry(tx: Tx, expires_at: string): Promise<void> {
  const { isPast, isTooFar } = await checkExpiry(tx, normalizeTimestamp(expires_at))
  if (isPast) {
    throw invalidField('body', '/expires_at', 'out_of_range', 'expires_at must be in the future.')
  }
  if (isTooFar) {
    throw invalidField(
      'body',
      '/expires_at',
      'out_of_range',
      'expires_at must be at most a year ahead.'
    )
  }
}

/** Revokes one of the caller's keys for good; returns false when there is no such key. */
export const revokeKey = (ctx: RequestContext, db: Db, id: string): Promise<boolean> =>
  withTransaction(db, (tx) => revokeKeyOf(tx, ctx, ctx.caller.id, id))

/** Revokes one key of a user, in the caller's transaction; returns false when there is no such key. */
export async function revokeKeyOf(
  tx: Tx,
  ctx: RequestContext,
  userId: string,
  id: string
): Promise<boolean> {
  const isRevoked = await deleteKey(tx, userId, id)
  if (isRevoked) {
    await audit.succeeded(tx, ctx, 'api_key.revoked', { api_key: id })
  }
  return isRevoked
}

/** Revokes all keys of a user, in the caller's transaction. Returns how many. */
export async function revokeAllKeys(
  tx: Tx,
  ctx: RequestContext<Actor | null>,
  userId: string
): Promise<number> {
  const ids = await deleteKeysOf(tx, userId)
  await audit.succeededAll(
    tx,
    ctx,
    ids.map((id) => ({ action: 'api_key.revoked', subject: { api_key: id } }))
  )
  return ids.length
}

/** Lists the keys of a user, newest first, from a position if one is given. */
export { listKeys }

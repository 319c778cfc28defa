import { v7 as uuidv7 } from 'uuid'
import { type OldActor as Actor, type AuditFact, recordAudit } from '../../core/audit.ts'
import type { Caller } from '../../core/context.ts'
import { invalidField, Problem } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import { withTransaction } from '../../db/transaction.ts'
import { generateApiKey, isApiKey } from '../../lib/api-key.ts'
import { normalizeTimestamp } from '../../lib/timestamp.ts'
import { hashToken } from '../../lib/token.ts'
import {
  checkExpiry,
  deleteKey,
  deleteKeysOf,
  insertKey,
  lockAndCountKeys,
  prepareFindKeyOwner,
  touchLastUsed
} from './queries.ts'
import type { ApiKeyCreate, ApiKeyCreated } from './schema.ts'

const MAX_KEYS = 50

/** Gives the caller behind a key as both are at this moment, or undefined. Not cached: a revoked key is dead at once, everywhere. */
export function createKeyResolver(db: Db) {
  const findOwner = prepareFindKeyOwner(db)
  return async function resolveKey(text: string): Promise<Caller | undefined> {
    const owner = isApiKey(text) ? await findOwner(hashToken(text)) : undefined
    if (!owner) {
      return undefined
    }
    const { key_id, scopes, isUseNoted, ...person } = owner
    if (!isUseNoted) {
      await touchLastUsed(db, key_id)
    }
    return { ...person, session_id: '', key: { id: key_id, scopes } }
  }
}

/** Makes a key in the caller's transaction. The secret is in the answer and nowhere else. */
export async function createKey(
  tx: Db,
  user_id: string,
  { name, scopes, expires_at }: ApiKeyCreate,
  actor: Actor
): Promise<ApiKeyCreated> {
  const { isPast, isTooFar } = await checkExpiry(tx, normalizeTimestamp(expires_at))
  if (isPast) {
    throw invalidField('body', '/expires_at', 'out_of_range', 'expires_at must lie ahead.')
  }
  if (isTooFar) {
    throw invalidField(
      'body',
      '/expires_at',
      'out_of_range',
      'expires_at must be at most a year ahead.'
    )
  }
  if ((await lockAndCountKeys(tx, user_id)) >= MAX_KEYS) {
    throw new Problem('too_many_keys', {
      detail: `You have ${MAX_KEYS} API keys. Revoke one that you no longer need.`
    })
  }
  const { key, prefix } = generateApiKey()
  const id = uuidv7()
  const made = await insertKey(tx, {
    id,
    user_id,
    name: name.trim(),
    prefix,
    hash: hashToken(key),
    scopes: [...new Set(scopes)],
    expires_at: normalizeTimestamp(expires_at)
  })
  await recordAudit(tx, {
    ...actor,
    action: 'api_key.created',
    outcome: 'succeeded',
    subject_type: 'api_key',
    subject_id: id,
    detail: made.scopes.join(' ')
  })
  return { ...made, key }
}

/** Ends a key for good; false when the user has none with this id. */
export async function revokeKey(
  db: Db,
  user_id: string,
  id: string,
  actor: Actor
): Promise<boolean> {
  return withTransaction(db, async (tx) => {
    const isRevoked = await deleteKey(tx, user_id, id)
    if (isRevoked) {
      await recordAudit(tx, revoked(id, actor))
    }
    return isRevoked
  })
}

/** Ends all keys of a user in the caller's transaction. */
export async function revokeAllKeys(tx: Db, user_id: string, actor: Actor): Promise<void> {
  const ids = await deleteKeysOf(tx, user_id)
  await recordAudit(tx, ...ids.map((id) => revoked(id, actor)))
}

const revoked = (id: string, actor: Actor): AuditFact => ({
  ...actor,
  action: 'api_key.revoked',
  outcome: 'succeeded',
  subject_type: 'api_key',
  subject_id: id
})

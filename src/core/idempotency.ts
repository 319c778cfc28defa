import { and, eq, not, sql } from 'drizzle-orm'
import type { Db } from '../db/client.ts'
import { deleteOwned } from '../db/delete-owned.ts'
import { executeRows } from '../db/rows.ts'
import { idempotencyKeys } from '../db/tables/idempotency-keys.ts'
import { type Tx, withTransaction } from '../db/transaction.ts'
import { atLeast, type Role } from './context.ts'
import type { PurgeOwned } from './owned-data.ts'
import { Problem } from './problem.ts'

/** How long a response is stored for a repeated request. */
const RETENTION_HOURS = 24
/** A few bytes of a request could otherwise leave megabytes. */
const MAX_STORED_BYTES = 65_536
const PURGE_CHUNK = 500

/** A response as it can be stored: the created resource, where it is, which version. */
export interface StoredResponse<T> {
  status: number
  headers: Record<string, string>
  body: T
}
/** A first response, perhaps with a shorter body to store in its place where it is large. */
export type FirstResponse<T> = StoredResponse<T> & { summarize?: (body: T) => T }
export type Replayable<T> = StoredResponse<T> & { replayed?: true }

/** One use of an idempotency key: whose, for which operation, and a hash of the request that tells equal ones apart. */
export interface IdempotencyClaim {
  caller_id: string
  operation: string
  key: string
  fingerprint: string
  role: Role
}

/**
 * Runs `work` in one transaction with the claim of its key and the storing of its response, so that of any number of
 * equal requests exactly one has an effect. Problems have no effect and are not stored: the key stays free. Of a large
 * response only its summary is stored, if there is one.
 */
export async function runOnce<T>(
  db: Db,
  claim: IdempotencyClaim,
  work: (tx: Tx) => Promise<FirstResponse<T>>
): Promise<Replayable<T>> {
  return withTransaction(db, async (tx) => {
    if (!((await tryLock(tx, claim)) && (await insertClaim(tx, claim)))) {
      return (await replay(tx, claim)) as Replayable<T>
    }
    const { summarize, ...response } = await work(tx)
    const body = storableBody(response.body, summarize)
    await tx
      .update(idempotencyKeys)
      .set({ ...response, body })
      .where(isClaim(claim))
    return response
  })
}

/** Returns the body or its summary, whichever fits; null when neither does. */
function storableBody<T>(body: T, summarize?: (body: T) => T): T | null {
  if (isStorable(body)) {
    return body
  }
  const summary = summarize?.(body)
  return summary !== undefined && isStorable(summary) ? summary : null
}

const isStorable = (body: unknown): boolean =>
  Buffer.byteLength(JSON.stringify(body)) <= MAX_STORED_BYTES

/** Deletes expired keys. A bounded chunk: call again while there is more. */
export async function purgeIdempotencyKeys(db: Db): Promise<{ done: number; more: boolean }> {
  const purged = await executeRows(db, PURGE)
  return { done: purged.length, more: purged.length === PURGE_CHUNK }
}

const OWNED = {
  table: sql`idempotency_keys`,
  owner: sql`caller_id`,
  key: sql`operation, key`
}

/** Deletes a chunk of the stored responses of a deleted account. */
export const purgeIdempotencyKeysOf: PurgeOwned = (tx, _ctx, userId) =>
  deleteOwned(tx, OWNED, userId)

const isExpired = sql`created_at < now() - make_interval(hours => ${RETENTION_HOURS})`

/** A key that is used again while it is purged is not expired any more, and stays. */
const PURGE = sql`
  DELETE FROM idempotency_keys
  WHERE ${isExpired}
    AND (caller_id, operation, key) IN (
      SELECT caller_id, operation, key FROM idempotency_keys WHERE ${isExpired} LIMIT ${PURGE_CHUNK}
    )
  RETURNING 1 AS one`

/**
 * Lets one transaction have the effect: a second request is turned away while the first is in progress, instead of
 * waiting on the row. A statement of its own, so that the row is inserted where it is stored.
 */
async function tryLock(tx: Tx, { caller_id, operation, key }: IdempotencyClaim): Promise<boolean> {
  const [row] = await executeRows<{ locked: boolean }>(
    tx,
    sql`SELECT pg_try_advisory_xact_lock(hashtextextended(${`${caller_id} ${operation} ${key}`}, 1)) AS locked`
  )
  return row?.locked === true
}

/** Returns true where the key is new or expired; of later requests the primary key decides. */
async function insertClaim(
  tx: Tx,
  { caller_id, operation, key, fingerprint, role }: IdempotencyClaim
): Promise<boolean> {
  const inserted = await executeRows(
    tx,
    sql`
      INSERT INTO idempotency_keys (caller_id, operation, key, fingerprint, role, created_at)
      VALUES (${caller_id}, ${operation}, ${key}, ${fingerprint}, ${role}, now())
      ON CONFLICT (caller_id, operation, key) DO UPDATE
      SET fingerprint = excluded.fingerprint, role = excluded.role, created_at = excluded.created_at, status = NULL
      WHERE excluded.created_at - idempotency_keys.created_at > make_interval(hours => ${RETENTION_HOURS})
      RETURNING 1 AS one`
  )
  return inserted.length === 1
}

const isClaim = ({ caller_id, operation, key }: IdempotencyClaim) =>
  and(
    eq(idempotencyKeys.caller_id, caller_id),
    eq(idempotencyKeys.operation, operation),
    eq(idempotencyKeys.key, key)
  )

async function replay(tx: Db, claim: IdempotencyClaim): Promise<Replayable<unknown>> {
  // An expired row means a new use of the key that is not committed yet.
  const [stored] = await tx
    .select()
    .from(idempotencyKeys)
    .where(and(isClaim(claim), not(isExpired)))
  if (!stored || stored.status === null) {
    throw new Problem('idempotency_in_flight', { headers: { 'retry-after': '1' } })
  }
  if (stored.fingerprint !== claim.fingerprint) {
    throw new Problem('idempotency_key_reused', {
      detail:
        'You used this Idempotency-Key for another request. Use a new one for each new request.'
    })
  }
  // A caller who has lost a role since may no longer see what that role had returned.
  if (!atLeast(claim.role, stored.role as Role)) {
    throw new Problem('not_allowed')
  }
  const { status, headers, body } = stored
  if (body === null) {
    throw responseNotStored(headers?.location)
  }
  return { status, headers: headers ?? {}, body, replayed: true }
}

const responseNotStored = (location: string | undefined) =>
  new Problem('response_not_stored', {
    detail:
      'The first request with this Idempotency-Key was carried out, and its response was too large to store. ' +
      `Read ${location ?? 'the list'} to see what it did, and do not repeat it with another key.`
  })

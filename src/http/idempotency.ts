import { createHash } from 'node:crypto'
import { Type } from '@sinclair/typebox'
import { and, eq, sql } from 'drizzle-orm'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { atLeast, type Role } from '../core/context.ts'
import { Problem } from '../core/problem.ts'
import type { Db } from '../db/client.ts'
import { executeRows } from '../db/rows.ts'
import { idempotencyKeys } from '../db/tables/idempotency-keys.ts'
import { type Tx, withTransaction } from '../db/transaction.ts'
import { md } from '../lib/md.ts'

const RETENTION_HOURS = 24
const PURGE_CHUNK = 500

/** The header of operations that create, for `schema.headers`. */
export const IdempotencyKey = Type.Object({
  'Idempotency-Key': Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 64,
      pattern: '^[\\x20-\\x7e]+$',
      'x-hint': 'must have 1 to 64 printable ASCII characters',
      description: md`
        Your own name for this request, such as a UUID. If you repeat the request with it within 24 hours, nothing
        happens a second time and you get the first response, with \`Idempotent-Replayed: true\`.`
    })
  )
})

/** A response as it can be stored: what was created, where it is, which version. */
export interface StoredResponse<T> {
  status: number
  headers: Record<string, string>
  body: T
}
type Replayable<T> = StoredResponse<T> & { replayed?: true }

interface Operation<Result, Body> {
  /** Does the work in the transaction that stores the response; without one it commits by itself. */
  work: (tx?: Tx) => Promise<Result>
  respond: (result: Result) => StoredResponse<Body>
  /** Tells equal requests from others where the body is a stream. */
  payload?: unknown
}

/**
 * Runs an operation that creates and sends its response. With an `Idempotency-Key` the response is stored in the same
 * transaction, see `runIdempotent`; without one there is nothing to store, and the work chooses how it commits.
 */
export async function sendIdempotent<Result, Body>(
  db: Db,
  request: FastifyRequest,
  reply: FastifyReply,
  { work, respond, payload }: Operation<Result, Body>
): Promise<Body> {
  if (request.headers['idempotency-key'] === undefined) {
    return sendStored(reply, respond(await work()))
  }
  return sendStored(
    reply,
    await runIdempotent(db, request, async (tx) => respond(await work(tx)), payload)
  )
}

/**
 * Runs `work` in one transaction. With an `Idempotency-Key` the key is claimed, the work done and its response stored
 * in that same transaction, so that of any number of equal requests exactly one has an effect. Problems have no effect
 * and are not stored: the key stays free. `payload` tells equal requests from others, where the body is a stream.
 */
export async function runIdempotent<T>(
  db: Db,
  request: FastifyRequest,
  work: (tx: Tx) => Promise<StoredResponse<T>>,
  payload: unknown = request.body
): Promise<Replayable<T>> {
  const key = request.headers['idempotency-key'] as string | undefined
  if (key === undefined) {
    return withTransaction(db, work)
  }
  const claim = {
    caller_id: request.caller.id,
    operation: request.routeOptions.schema?.operationId as string,
    key,
    fingerprint: fingerprintOf(request, payload),
    role: request.caller.role
  }
  return withTransaction(db, async (tx) => {
    if (!(await claimKey(tx, claim))) {
      return (await replay(tx, claim)) as Replayable<T>
    }
    const response = await work(tx)
    await tx.update(idempotencyKeys).set(response).where(isClaim(claim))
    return response
  })
}

/** Sends a response, the first one or its replay. */
export function sendStored<T>(reply: FastifyReply, response: Replayable<T>): T {
  reply.code(response.status).headers(response.headers)
  if (response.replayed) {
    reply.header('idempotent-replayed', 'true')
  }
  return response.body
}

/** Deletes expired keys. A chunk: call again while there is more. */
export async function purgeIdempotencyKeys(db: Db): Promise<{ done: number; more: boolean }> {
  const purged = await executeRows(
    db,
    sql`
      DELETE FROM idempotency_keys
      WHERE (caller_id, operation, key) IN (
        SELECT caller_id, operation, key
        FROM idempotency_keys
        WHERE created_at < now() - make_interval(hours => ${RETENTION_HOURS})
        LIMIT ${PURGE_CHUNK}
        FOR UPDATE SKIP LOCKED
      )
      RETURNING 1 AS one`
  )
  return { done: purged.length, more: purged.length === PURGE_CHUNK }
}

type Claim = Pick<
  typeof idempotencyKeys.$inferSelect,
  'caller_id' | 'operation' | 'key' | 'fingerprint'
> & { role: Role }
const isClaim = ({ caller_id, operation, key }: Claim) =>
  and(
    eq(idempotencyKeys.caller_id, caller_id),
    eq(idempotencyKeys.operation, operation),
    eq(idempotencyKeys.key, key)
  )

/**
 * Returns true for the one transaction that may have the effect. The try-lock rejects a second request while the first
 * is in progress, instead of making it wait on the row; the primary key decides between those that come after.
 */
async function claimKey(
  tx: Db,
  { caller_id, operation, key, fingerprint, role }: Claim
): Promise<boolean> {
  const lockName = `${caller_id} ${operation} ${key}`
  const claimed = await executeRows(
    tx,
    sql`
      INSERT INTO idempotency_keys (caller_id, operation, key, fingerprint, role)
      SELECT ${caller_id}::uuid, ${operation}, ${key}, ${fingerprint}, ${role}
      WHERE pg_try_advisory_xact_lock(hashtextextended(${lockName}, 1))
      ON CONFLICT (caller_id, operation, key) DO UPDATE
      SET
        fingerprint = excluded.fingerprint,
        role = excluded.role,
        created_at = now(),
        status = NULL
      WHERE idempotency_keys.created_at < now() - make_interval(hours => ${RETENTION_HOURS})
      RETURNING 1 AS one`
  )
  return claimed.length === 1
}

async function replay(tx: Db, claim: Claim): Promise<Replayable<unknown>> {
  const [stored] = await tx.select().from(idempotencyKeys).where(isClaim(claim))
  if (!stored || stored.status === null) {
    throw new Problem('idempotency_in_flight', { headers: { 'retry-after': '1' } })
  }
  if (stored.fingerprint !== claim.fingerprint) {
    throw new Problem('idempotency_key_reused', {
      detail:
        'You sent this Idempotency-Key with another request before. Use a new one for each new request.'
    })
  }
  // A caller who lost a role may no longer see what that role was shown.
  if (!atLeast(claim.role, stored.role as Role)) {
    throw new Problem('not_allowed')
  }
  return {
    status: stored.status,
    headers: stored.headers ?? {},
    body: stored.body,
    replayed: true
  }
}

/** Returns the same text for equal requests, whatever the order of their fields. */
function fingerprintOf({ method, url }: FastifyRequest, payload: unknown): string {
  return createHash('sha256')
    .update(`${method} ${url}\n${JSON.stringify(payload, sortedKeys)}`)
    .digest('base64url')
}

function sortedKeys(_key: string, value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    return value
  }
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}

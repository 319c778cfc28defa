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

export const KEPT_HOURS = 24
const PURGE_CHUNK = 500

/** The header of every operation that creates, for `schema.headers`. */
export const IdempotencyKey = Type.Object({
  'Idempotency-Key': Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 64,
      pattern: '^[\\x20-\\x7e]+$',
      'x-hint': 'must have 1 to 64 printable ASCII characters',
      description:
        'A name of your own for this request, such as a UUID. Repeating the request with it within 24 hours has no second effect and gives the first answer, with `Idempotent-Replayed: true`.'
    })
  )
})

/** True when the caller named the request, so that its answer has to be kept. */
export const hasIdempotencyKey = ({ headers }: FastifyRequest): boolean =>
  headers['idempotency-key'] !== undefined

/** An answer as it can be kept: what was created, where it is, which version. */
export interface StoredResponse<T> {
  status: number
  headers: Record<string, string>
  body: T
}
type Kept = StoredResponse<unknown> & { replayed?: true }

/**
 * Runs `work` in one transaction. With an `Idempotency-Key` the key is claimed, the work done and its answer kept in
 * that same transaction, so that of any number of equal requests exactly one has an effect. Refusals have no effect
 * and are not kept: the key stays free. `payload` tells equal requests apart from others, where the body is a stream.
 */
export async function runIdempotent<T>(
  db: Db,
  request: FastifyRequest,
  work: (tx: Tx) => Promise<StoredResponse<T>>,
  payload: unknown = request.body
): Promise<StoredResponse<T> & { replayed?: true }> {
  const key = request.headers['idempotency-key'] as string | undefined
  if (key === undefined) {
    return withTransaction(db, work)
  }
  const operation = request.routeOptions.schema?.operationId as string
  const claim = {
    caller_id: request.caller.id,
    operation,
    key,
    fingerprint: fingerprintOf(request, payload),
    role: request.caller.role
  }
  return withTransaction(db, async (tx) => {
    if (!(await claimKey(tx, claim))) {
      return (await replay(tx, claim)) as StoredResponse<T> & { replayed?: true }
    }
    const answer = await work(tx)
    await tx.update(idempotencyKeys).set(answer).where(isClaim(claim))
    return answer
  })
}

/** Sends an answer, the first one or its replay. */
export function sendStored<T>(
  reply: FastifyReply,
  answer: StoredResponse<T> & { replayed?: true }
): T {
  reply.code(answer.status).headers(answer.headers)
  if (answer.replayed) {
    reply.header('idempotent-replayed', 'true')
  }
  return answer.body
}

/** Removes keys that have had their day. A bounded chunk: call again while there is more. */
export async function purgeIdempotencyKeys(db: Db): Promise<{ done: number; more: boolean }> {
  const purged = await executeRows(
    db,
    sql`
    delete from idempotency_keys where (caller_id, operation, key) in (
      select caller_id, operation, key from idempotency_keys where created_at < now() - make_interval(hours => ${KEPT_HOURS}) limit ${PURGE_CHUNK} for update skip locked
    ) returning 1 as one`
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
 * True for the one transaction that may have the effect. The try-lock turns a second request away while the first is
 * under way, instead of making it wait on the row; the primary key decides between those that come after.
 */
async function claimKey(
  tx: Db,
  { caller_id, operation, key, fingerprint, role }: Claim
): Promise<boolean> {
  const claimed = await executeRows(
    tx,
    sql`
    insert into idempotency_keys (caller_id, operation, key, fingerprint, role)
    select ${caller_id}::uuid, ${operation}, ${key}, ${fingerprint}, ${role}
    where pg_try_advisory_xact_lock(hashtextextended(${`${caller_id} ${operation} ${key}`}, 1))
    on conflict (caller_id, operation, key) do update set fingerprint = excluded.fingerprint, role = excluded.role, created_at = now(), status = null
      where idempotency_keys.created_at < now() - make_interval(hours => ${KEPT_HOURS})
    returning 1 as one`
  )
  return claimed.length === 1
}

async function replay(tx: Db, claim: Claim): Promise<Kept> {
  const [kept] = await tx.select().from(idempotencyKeys).where(isClaim(claim))
  if (!kept || kept.status === null) {
    throw new Problem('idempotency_in_flight', { headers: { 'retry-after': '1' } })
  }
  if (kept.fingerprint !== claim.fingerprint) {
    throw new Problem('idempotency_key_reused', {
      detail:
        'This Idempotency-Key came with another request before. Use a new one for each new request.'
    })
  }
  // Somebody who lost a role may no longer see what that role had shown.
  if (!atLeast(claim.role, kept.role as Role)) {
    throw new Problem('not_allowed')
  }
  return { status: kept.status, headers: kept.headers ?? {}, body: kept.body, replayed: true }
}

/** Equal for equal requests, whatever the order of their fields. */
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

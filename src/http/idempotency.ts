import { createHash } from 'node:crypto'
import { Type } from '@sinclair/typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type FirstResponse, type Replayable, runOnce } from '../core/idempotency.ts'
import type { Db } from '../db/client.ts'
import { type Tx, withTransaction } from '../db/transaction.ts'
import { md } from '../lib/md.ts'
import { operationIdOf } from './operation.ts'

/** The header of operations that create, for `schema.headers`. */
export const IdempotencyKey = Type.Object({
  'Idempotency-Key': Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 64,
      pattern: '^[\\x20-\\x7e]+$',
      'x-hint': 'must have 1 to 64 printable ASCII characters',
      description: md`
        Your own name for this request, such as a UUID. Repeat the request with it within 24 hours,
        and there is no second effect: you get the first response again, with
        \`Idempotent-Replayed: true\`. A response above 64 KiB is not stored: of a batch you get a summary
        then, of anything else a 409 \`response_not_stored\`.`
    })
  )
})

interface Operation<Result, Body> {
  /** Does the work in the transaction that stores the response; without one it commits by itself. */
  work: (tx?: Tx) => Promise<Result>
  respond: (result: Result) => FirstResponse<Body>
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
 * Runs `work` in one transaction, and at most once for each `Idempotency-Key` of a caller. `payload` tells equal
 * requests apart from others where the body is a stream.
 */
export async function runIdempotent<T>(
  db: Db,
  request: FastifyRequest,
  work: (tx: Tx) => Promise<FirstResponse<T>>,
  payload: unknown = request.body
): Promise<Replayable<T>> {
  const key = request.headers['idempotency-key']
  if (typeof key !== 'string') {
    return withTransaction(db, work)
  }
  const { id, role } = request.caller
  const operation = String(operationIdOf(request))
  const claim = {
    caller_id: id,
    operation,
    key,
    fingerprint: fingerprintOf(request, payload),
    role
  }
  return runOnce(db, claim, work)
}

/** Sends a response, the first one or its replay. */
export function sendStored<T>(reply: FastifyReply, response: Replayable<T>): T {
  reply.code(response.status).headers(response.headers)
  if (response.replayed) {
    reply.header('idempotent-replayed', 'true')
  }
  return response.body
}

/** Returns a hash that is equal for equal requests, whatever the order of their fields. */
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

import type { FastifyRequest } from 'fastify'
import type { Deps } from '../../core/deps.ts'
import { Problem } from '../../core/problem.ts'
import { deriveKeys } from '../../core/secrets.ts'
import { IdempotencyKey, runIdempotent } from '../../http/idempotency.ts'
import { paginateNewestFirst } from '../../http/pagination.ts'
import { noContent } from '../../http/replies.ts'
import { NoContent, ref, responses } from '../../http/schemas.ts'
import type { App } from '../../http/server.ts'
import { md } from '../../lib/md.ts'
import { type IdentityDeps, type VerifiedAccount, withPassword } from '../identity/service.ts'
import { listKeys } from './queries.ts'
import {
  type ApiKey,
  type ApiKeyCreate,
  type ApiKeyCreated,
  ApiKeyListQuery,
  ApiKeyParams,
  type ApiKeySchemas
} from './schema.ts'
import { createKey, type NewApiKey, revokeKey } from './service.ts'

export type ApiKeyDeps = IdentityDeps & Pick<Deps, 'secrets'>

const tags = ['ApiKeys']
const config = { allow: 'user' } as const

const create = ({ ApiKeyCreate, ApiKeyCreated }: ApiKeySchemas) =>
  ({
    config: { ...config, passwordField: 'current_password' },
    schema: {
      operationId: 'createApiKey',
      tags,
      summary: 'Create an API key',
      description: md`The secret is in this response and is never shown again: repeating the request
                      with its \`Idempotency-Key\` only returns the id of the key, in a 409. Needs
                      \`current_password\` when you last entered your password in this session more
                      than five minutes ago (403 \`password_required\`). An email tells you of the key
                      if your email address is confirmed.`,
      headers: IdempotencyKey,
      body: ref(ApiKeyCreate),
      response: responses(
        { 201: ref(ApiKeyCreated) },
        'too_many_keys',
        'wrong_password',
        'password_required',
        'key_already_made',
        'idempotency_in_flight',
        'idempotency_key_reused'
      )
    }
  }) as const

const list = ({ ApiKeyPage }: ApiKeySchemas) =>
  ({
    config,
    schema: {
      operationId: 'listApiKeys',
      tags,
      summary: 'List your API keys',
      description: 'Your keys without their secrets, newest first, including expired ones.',
      querystring: ApiKeyListQuery,
      response: responses({ 200: ref(ApiKeyPage) })
    }
  }) as const

const revoke = {
  config,
  schema: {
    operationId: 'revokeApiKey',
    tags,
    summary: 'Revoke an API key',
    description: 'The key stops working immediately.',
    params: ApiKeyParams,
    response: responses({ 204: NoContent('The key has been revoked.') }, 'not_found')
  }
} as const

/** API keys of the caller. No route here names a scope: a key can neither create keys nor list them. */
export async function apiKeyRoutes(app: App, deps: ApiKeyDeps, schemas: ApiKeySchemas) {
  const { db, secrets } = deps
  const page = paginateNewestFirst(deriveKeys(secrets, 'cursor'))

  app.post('/', create(schemas), async (request, reply) => {
    const created = await createWithPassword(request, deps, request.body)
    reply.code(201)
    return created
  })

  app.get('/', list(schemas), async (request, reply) =>
    page(request, reply, {
      list: 'api_keys',
      read: (limit, after) => listKeys(db, request.caller.id, limit, after)
    })
  )

  app.delete('/:key_id', revoke, async (request, reply) => {
    if (!(await revokeKey(request.ctx, db, request.params.key_id))) {
      throw new Problem('not_found')
    }
    return noContent(reply)
  })
}

/** Creates a key, after the check of the password if one is sent. */
function createWithPassword(
  request: FastifyRequest,
  deps: ApiKeyDeps,
  { current_password: password, ...key }: ApiKeyCreate
): Promise<ApiKeyCreated> {
  const create = (verified?: VerifiedAccount) => createOnce(request, deps, key, verified)
  return password === undefined
    ? create()
    : withPassword(request.ctx, deps, { password, action: 'api_key.created' }, create)
}

/**
 * Creates a key. What is stored for a repetition of the request is the key without its secret, and a hash of the
 * request without the password, which would be far easier to guess from that than from its own hash.
 */
async function createOnce(
  request: FastifyRequest,
  deps: ApiKeyDeps,
  key: NewApiKey,
  verified: VerifiedAccount | undefined
): Promise<ApiKeyCreated> {
  let created: ApiKeyCreated | undefined
  const stored = await runIdempotent<ApiKey>(
    deps.db,
    request,
    async (tx) => {
      created = await createKey(tx, request.ctx, deps, key, verified)
      const { key: _, ...withoutSecret } = created
      return { status: 201, headers: {}, body: withoutSecret }
    },
    key
  )
  const { id } = stored.body
  if (created?.id !== id) {
    throw new Problem('key_already_made', {
      detail: md`This request has already created the key ${id}. Its secret is not shown again: revoke it
                 and create another.`
    })
  }
  return created
}

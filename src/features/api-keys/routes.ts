import type { Deps } from '../../core/deps.ts'
import { Problem } from '../../core/problem.ts'
import { deriveKeys } from '../../core/secrets.ts'
import { IdempotencyKey, runIdempotent } from '../../http/idempotency.ts'
import { paginateNewestFirst } from '../../http/pagination.ts'
import { actorOf } from '../../http/plugins/audit-denied.ts'
import { NoContent, ref, responses } from '../../http/schemas.ts'
import type { App } from '../../http/server.ts'
import { listKeys } from './queries.ts'
import {
  type ApiKey,
  type ApiKeyCreated,
  ApiKeyListQuery,
  ApiKeyParams,
  type ApiKeySchemas
} from './schema.ts'
import { createKey, revokeKey } from './service.ts'

const tags = ['ApiKeys']

/** Keys for programs. No route here names a scope: a key can neither make keys nor look at them. */
export async function apiKeyRoutes(
  app: App,
  { db, secrets }: Pick<Deps, 'db' | 'secrets'>,
  { ApiKeyCreate, ApiKeyCreated, ApiKeyPage }: ApiKeySchemas
) {
  const page = paginateNewestFirst(deriveKeys(secrets, 'cursor'))

  app.post(
    '/',
    {
      config: { allow: 'user' },
      schema: {
        operationId: 'createApiKey',
        tags,
        summary: 'Make an API key',
        description:
          'The secret is in this answer and is never shown again: repeating the request with its `Idempotency-Key` names the key instead.',
        headers: IdempotencyKey,
        body: ref(ApiKeyCreate),
        response: responses(
          { 201: ref(ApiKeyCreated) },
          'too_many_keys',
          'key_already_made',
          'idempotency_in_flight',
          'idempotency_key_reused'
        )
      }
    },
    async (request, reply) => {
      let created: ApiKeyCreated | undefined
      // What is kept for a repetition is the key without its secret.
      const { body } = await runIdempotent<ApiKey>(db, request, async (tx) => {
        created = await createKey(tx, request.caller.id, request.body, actorOf(request))
        const { key: _, ...kept } = created
        return { status: 201, headers: {}, body: kept }
      })
      if (created?.id !== body.id) {
        throw new Problem('key_already_made', {
          detail: `This request made the key ${body.id} before. Its secret is not shown again: revoke it and make another.`
        })
      }
      reply.code(201)
      return created
    }
  )

  app.get(
    '/',
    {
      config: { allow: 'user' },
      schema: {
        operationId: 'listApiKeys',
        tags,
        summary: 'List your API keys',
        description: 'Your keys without their secrets, newest first, expired ones included.',
        querystring: ApiKeyListQuery,
        response: responses({ 200: ref(ApiKeyPage) })
      }
    },
    async (request, reply) =>
      page(request, reply, {
        list: 'api_keys',
        read: (limit, after) => listKeys(db, request.caller.id, limit, after)
      })
  )

  app.delete(
    '/:key_id',
    {
      config: { allow: 'user' },
      schema: {
        operationId: 'revokeApiKey',
        tags,
        summary: 'Revoke an API key',
        description: 'It is worth nothing from now on.',
        params: ApiKeyParams,
        response: responses({ 204: NoContent('The key is revoked.') }, 'not_found')
      }
    },
    async (request, reply) => {
      if (!(await revokeKey(db, request.caller.id, request.params.key_id, actorOf(request)))) {
        throw new Problem('not_found')
      }
      return reply.code(204).send(null)
    }
  )
}

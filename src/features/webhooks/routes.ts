import type { FastifyRequest } from 'fastify'
import type { Deps } from '../../core/deps.ts'
import { Problem } from '../../core/problem.ts'
import { deriveKeys } from '../../core/secrets.ts'
import { apiPath } from '../../http/api-path.ts'
import {
  etagOf,
  IfMatch,
  IfNoneMatch,
  parseIfMatch,
  sendChanged,
  sendVersioned
} from '../../http/etag.ts'
import { IdempotencyKey, runIdempotent } from '../../http/idempotency.ts'
import { paginateNewestFirst } from '../../http/pagination.ts'
import { noContent } from '../../http/replies.ts'
import { NoContent, ref, responses } from '../../http/schemas.ts'
import type { App } from '../../http/server.ts'
import { md } from '../../lib/md.ts'
import { listWebhooks } from './queries.ts'
import {
  Webhook,
  WebhookCreate,
  WebhookListQuery,
  WebhookPage,
  WebhookParams,
  WebhookUpdate,
  WebhookWithSecret
} from './schema.ts'
import { createSecretBox } from './secrets.ts'
import {
  changeWebhook,
  createWebhook,
  readWebhook,
  removeWebhook,
  rotateSecret,
  type WebhookDeps
} from './service.ts'
import { createTargetRules } from './target.ts'

const tags = ['Webhooks']
const mayRead = { allow: 'user', scope: 'webhooks:read' } as const
const mayWrite = { allow: 'user', scope: 'webhooks:write' } as const

const create = {
  config: mayWrite,
  schema: {
    operationId: 'createWebhook',
    tags,
    summary: 'Create a webhook',
    description: md`
      Sends what happens from now on, as \`GET /changes\` shows it to you, to a URL of yours. The secret is in this
      response and is never shown again: repeating the request with its \`Idempotency-Key\` only returns the id of the
      webhook, in a 409. You may have up to 20 webhooks.`,
    headers: IdempotencyKey,
    body: ref(WebhookCreate),
    response: responses(
      { 201: ref(WebhookWithSecret) },
      'quota_exceeded',
      'webhook_already_made',
      'idempotency_in_flight',
      'idempotency_key_reused'
    )
  }
} as const

const list = {
  config: mayRead,
  schema: {
    operationId: 'listWebhooks',
    tags,
    summary: 'List your webhooks',
    description: 'Your webhooks without their secrets, newest first.',
    querystring: WebhookListQuery,
    response: responses({ 200: ref(WebhookPage) })
  }
} as const

const get = {
  config: mayRead,
  schema: {
    operationId: 'getWebhook',
    tags,
    summary: 'Read a webhook',
    description: 'Returns one webhook with its version, which is also its `ETag`.',
    params: WebhookParams,
    headers: IfNoneMatch,
    response: responses(
      { 200: ref(Webhook), 304: NoContent('You already have this version.') },
      'not_found'
    )
  }
} as const

const update = {
  config: mayWrite,
  schema: {
    operationId: 'updateWebhook',
    tags,
    summary: 'Change, disable or enable a webhook',
    description: md`
      Applies a JSON merge patch (RFC 7396). A webhook that is enabled again goes on where it has stopped.`,
    params: WebhookParams,
    headers: IfMatch,
    body: ref(WebhookUpdate),
    response: responses({ 200: ref(Webhook) }, 'not_found', 'stale_version')
  }
} as const

const remove = {
  config: mayWrite,
  schema: {
    operationId: 'deleteWebhook',
    tags,
    summary: 'Delete a webhook',
    description: 'Deletes it with its deliveries. What is in flight may still arrive.',
    params: WebhookParams,
    headers: IfMatch,
    response: responses(
      { 204: NoContent('The webhook has been deleted.') },
      'not_found',
      'stale_version'
    )
  }
} as const

const rotate = {
  config: mayWrite,
  schema: {
    operationId: 'rotateWebhookSecret',
    tags,
    summary: 'Replace the secret of a webhook',
    description: md`
      Returns a new secret, shown only once. For 24 hours deliveries are signed with the old one as well: with both,
      whichever your receiver knows. Replaced again within these hours, as after a lost response, the second secret is
      over at once, and the first one goes on signing until \`previous_secret_until\`, which stays.`,
    params: WebhookParams,
    response: responses({ 200: ref(WebhookWithSecret) }, 'not_found')
  }
} as const

/** Webhooks: made, found, changed, deleted, given another secret. */
export async function webhookRoutes(app: App, deps: Pick<Deps, 'db' | 'config' | 'secrets'>) {
  const { db, secrets, config } = deps
  const page = paginateNewestFirst(deriveKeys(secrets, 'cursor'))
  const webhooks: WebhookDeps = {
    db,
    secretBox: createSecretBox(secrets),
    targets: createTargetRules(config)
  }

  app.post('/', create, async (request, reply) => {
    const created = await createOnce(request, webhooks, request.body)
    reply.code(201).header('location', apiPath(`/webhooks/${created.id}`))
    return sendChanged(reply, created)
  })
  app.get('/', list, (request, reply) =>
    page(request, reply, {
      list: 'webhooks',
      read: (limit, after) => listWebhooks(db, request.caller.id, limit, after)
    })
  )
  app.get('/:webhook_id', get, async (request, reply) =>
    sendVersioned(request, reply, await readWebhook(db, request.ctx, request.params.webhook_id))
  )
  app.patch('/:webhook_id', update, async (request, reply) => {
    const { ctx, params, body } = request
    const versions = parseIfMatch(request)
    return sendChanged(reply, await changeWebhook(webhooks, ctx, params.webhook_id, versions, body))
  })
  app.delete('/:webhook_id', remove, async (request, reply) => {
    const versions = parseIfMatch(request)
    await removeWebhook(webhooks, request.ctx, request.params.webhook_id, versions)
    return noContent(reply)
  })
  app.post('/:webhook_id/rotate-secret', rotate, async (request, reply) =>
    sendChanged(reply, await rotateSecret(webhooks, request.ctx, request.params.webhook_id))
  )
}

/** Creates a webhook. What is stored for a repetition of the request is the webhook without its secret. */
async function createOnce(
  request: FastifyRequest,
  deps: WebhookDeps,
  body: WebhookCreate
): Promise<WebhookWithSecret> {
  let created: WebhookWithSecret | undefined
  const stored = await runIdempotent<Webhook>(deps.db, request, async (tx) => {
    created = await createWebhook(tx, request.ctx, deps, body)
    const { secret: _, ...shown } = created
    return { status: 201, headers: { etag: etagOf(shown.version) }, body: shown }
  })
  const { id } = stored.body
  if (created?.id !== id) {
    throw new Problem('webhook_already_made', {
      detail: md`This request has already created the webhook ${id}. Its secret is not shown again: replace it with
                 POST /webhooks/${id}/rotate-secret.`
    })
  }
  return created
}

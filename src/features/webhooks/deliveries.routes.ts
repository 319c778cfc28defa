import type { Deps } from '../../core/deps.ts'
import { deriveKeys } from '../../core/secrets.ts'
import { sendChanged } from '../../http/etag.ts'
import { IdempotencyKey, sendIdempotent } from '../../http/idempotency.ts'
import { DEFAULT_LIMIT } from '../../http/pagination.schema.ts'
import { addLinkHeader, cursors, toPage } from '../../http/pagination.ts'
import { ref, responses } from '../../http/schemas.ts'
import type { App } from '../../http/server.ts'
import { md } from '../../lib/md.ts'
import { assertExists, pingWebhook, readDelivery, redeliver } from './actions.ts'
import { listDeliveries } from './deliveries.queries.ts'
import {
  WebhookDelivery,
  WebhookDeliveryListQuery,
  WebhookDeliveryPage,
  WebhookDeliveryParams
} from './delivery.schema.ts'
import { replayWebhook } from './replay.ts'
import { Webhook, WebhookParams, WebhookReplay } from './schema.ts'

const tags = ['Webhooks']
const mayRead = { allow: 'user', scope: 'webhooks:read' } as const
const mayWrite = { allow: 'user', scope: 'webhooks:write' } as const

const ping = {
  config: mayWrite,
  schema: {
    operationId: 'pingWebhook',
    tags,
    summary: 'Try out a webhook',
    description: md`
      Sends a \`ping\` with nothing but the id of the webhook, signed and retried as every delivery. Read the delivery
      to see what the receiver responded. At most 100 pings of a webhook wait.`,
    params: WebhookParams,
    headers: IdempotencyKey,
    response: responses(
      { 202: ref(WebhookDelivery) },
      'quota_exceeded',
      'not_found',
      'webhook_disabled',
      'idempotency_in_flight',
      'idempotency_key_reused'
    )
  }
} as const

const replay = {
  config: mayWrite,
  schema: {
    operationId: 'replayWebhook',
    tags,
    summary: 'Send changes again',
    description: md`
      Sends everything again that has happened after a cursor of \`GET /changes\` or since a time, then goes on with
      what is new. Each change has the \`webhook-id\` that it had, so that a receiver can tell what it knows.`,
    params: WebhookParams,
    body: ref(WebhookReplay),
    response: responses({ 202: ref(Webhook) }, 'not_found', 'webhook_disabled', 'cursor_expired')
  }
} as const

const list = {
  config: mayRead,
  schema: {
    operationId: 'listWebhookDeliveries',
    tags,
    summary: 'List the deliveries of a webhook',
    description: md`
      What was sent to a webhook, or is to be, newest first: for 30 days, of finished deliveries the newest 10 000. What
      is not finished is kept as long as the feed of changes goes back, where that is longer.`,
    params: WebhookParams,
    querystring: WebhookDeliveryListQuery,
    response: responses({ 200: ref(WebhookDeliveryPage) }, 'not_found')
  }
} as const

const get = {
  config: mayRead,
  schema: {
    operationId: 'getWebhookDelivery',
    tags,
    summary: 'Read a delivery',
    description: 'Returns one delivery with its last attempts.',
    params: WebhookDeliveryParams,
    response: responses({ 200: ref(WebhookDelivery) }, 'not_found')
  }
} as const

const again = {
  config: mayWrite,
  schema: {
    operationId: 'repeatDelivery',
    tags,
    summary: 'Deliver once more',
    description: md`
      Makes a delivery due at once, whatever has become of it, with all its retries. It has the same \`webhook-id\`, and
      the resource as it is now. While it is being sent it stays as it is (\`delivery_in_flight\`).`,
    params: WebhookDeliveryParams,
    response: responses(
      { 202: ref(WebhookDelivery) },
      'not_found',
      'webhook_disabled',
      'delivery_in_flight'
    )
  }
} as const

/** What is sent to webhooks: tried out, found, sent again. */
export async function webhookDeliveryRoutes(
  app: App,
  deps: Pick<Deps, 'db' | 'config' | 'secrets' | 'wakeJobs'>
) {
  const { db, secrets } = deps
  const { encode, decode } = cursors(deriveKeys(secrets, 'cursor'))

  app.post('/:webhook_id/ping', ping, (request, reply) =>
    sendIdempotent(db, request, reply, {
      work: (tx) => pingWebhook(deps, request.ctx, request.params.webhook_id, tx),
      respond: (delivery) => ({ status: 202, headers: {}, body: delivery })
    })
  )
  app.post('/:webhook_id/replay', replay, async (request, reply) => {
    const webhook = await replayWebhook(deps, request.ctx, request.params.webhook_id, request.body)
    reply.code(202)
    return sendChanged(reply, webhook)
  })
  app.get('/:webhook_id/deliveries', list, async (request, reply) => {
    const { ctx, params, query } = request
    const { webhook_id } = params
    const { limit = DEFAULT_LIMIT, cursor, status } = query
    const binding = JSON.stringify(['webhook_deliveries', ctx.caller.id, webhook_id, status ?? ''])
    const [after] = cursor === undefined ? [] : decode(binding, cursor)
    await assertExists(db, ctx, webhook_id)
    const options = { limit: limit + 1, after, status }
    const found = await listDeliveries(db, ctx.caller.id, webhook_id, options)
    return addLinkHeader(
      request,
      reply,
      toPage(found, limit, ({ id }) => encode(binding, [id]))
    )
  })
  app.get('/:webhook_id/deliveries/:delivery_id', get, (request) =>
    readDelivery(db, request.ctx, request.params.webhook_id, request.params.delivery_id)
  )
  app.post('/:webhook_id/deliveries/:delivery_id/redeliver', again, async (request, reply) => {
    const { webhook_id, delivery_id } = request.params
    reply.code(202)
    return redeliver(deps, request.ctx, webhook_id, delivery_id)
  })
}

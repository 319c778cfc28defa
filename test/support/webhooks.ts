import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { sql } from 'drizzle-orm'
import type { Test } from 'tap'
import type { Db } from '../../src/db/client.ts'
import type { WebhookDelivery } from '../../src/features/webhooks/delivery.schema.ts'
import type { WebhookWithSecret } from '../../src/features/webhooks/schema.ts'
import { wakeWorkers } from './imports.ts'
import type { Person } from './test-app.ts'
import { waitUntil } from './wait-until.ts'

export const WEBHOOKS = '/api/v1/webhooks'
/** Receivers of tests are on this machine. */
export const LOOPBACK = { WEBHOOK_ALLOW: '127.0.0.0/8' }

/** A request as a receiver got it. */
export interface Received {
  url: string
  method: string
  headers: Record<string, string>
  text: string
  body: { id: string; type: string; data: { id: string; title: string } | null } & Record<
    string,
    unknown
  >
}
type Respond = (received: Received, response: ServerResponse) => void

/** A receiver on a port of its own. `respond` can be changed while it runs; at first it accepts everything. */
export async function startReceiver(t: Test, port = 0) {
  const received: Received[] = []
  const receiver = {
    received,
    respond: ((_, response) => response.writeHead(204).end()) as Respond,
    url: '',
    port: 0,
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
    ids: () => received.map(({ body }) => body.id),
    types: () => received.map(({ body }) => body.type)
  }
  const server: Server = createServer(async (request, response) => {
    const text = await textOf(request)
    const { url = '', method = '', headers } = request
    const entry = {
      url,
      method,
      headers: headers as Record<string, string>,
      text,
      body: parse(text)
    }
    received.push(entry)
    receiver.respond(entry, response)
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  receiver.port = (server.address() as AddressInfo).port
  receiver.url = `http://127.0.0.1:${receiver.port}/hook`
  t.teardown(receiver.stop)
  return receiver
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) {
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks).toString()
}

function parse(text: string) {
  try {
    return JSON.parse(text)
  } catch {
    return {}
  }
}

/** Creates a webhook that must be accepted. */
export async function createWebhook(
  who: Person,
  url: string,
  more: object = {}
): Promise<WebhookWithSecret> {
  const response = await who.post(WEBHOOKS, { url, ...more })
  if (response.statusCode !== 201) {
    throw new Error(response.body)
  }
  return response.json()
}

export const webhookUrl = ({ id }: { id: string }, path = ''): string => `${WEBHOOKS}/${id}${path}`

export const readWebhook = async (who: Person, webhook: { id: string }) =>
  (await who.get(webhookUrl(webhook))).json()

/** Returns the deliveries of a webhook, oldest first. */
export const deliveriesOf = async (
  who: Person,
  webhook: { id: string },
  query = ''
): Promise<WebhookDelivery[]> => {
  const response = await who.get(webhookUrl(webhook, `/deliveries?limit=100${query}`))
  if (response.statusCode !== 200) {
    throw new Error(response.body)
  }
  return response.json().data.reverse()
}

/** Waits until the only delivery of a webhook, or its last, is as it should be. */
export async function lastDelivery(
  who: Person,
  webhook: { id: string },
  isThere: (delivery: WebhookDelivery) => boolean
): Promise<WebhookDelivery> {
  let last: WebhookDelivery | undefined
  await waitUntil('the delivery', async () => {
    wakeWorkers()
    last = (await deliveriesOf(who, webhook)).at(-1)
    return last !== undefined && isThere(last)
  })
  return last as WebhookDelivery
}

/** Lets time pass for what waits: every next attempt is due now. */
export const makeAllDue = (db: Db) =>
  db.execute(sql`
    UPDATE webhook_deliveries
    SET next_attempt_at = now()
    WHERE next_attempt_at IS NOT NULL AND leased_until IS NULL`)

/** Seconds until the next attempt of a delivery. */
export const secondsUntil = ({ next_attempt_at }: WebhookDelivery): number =>
  (Date.parse(String(next_attempt_at)) - Date.now()) / 1000

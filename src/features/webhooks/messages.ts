import type { WebhookMessage } from '../../http/feature.ts'
import { md } from '../../lib/md.ts'
import { Change } from '../changes/schema.ts'

const TERMS = md`
  Respond with any 2xx within 15 seconds; every other response, redirects included, is a failure. Failures are repeated
  after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h, or as late as \`Retry-After\` asks; 410 disables the
  webhook. A delivery can arrive twice, with the same \`webhook-id\`, and their order is not promised: of one resource
  the highest version counts.`

/** What receivers get. */
export const WEBHOOK_MESSAGES: WebhookMessage[] = [
  {
    name: 'change',
    operationId: 'receiveChange',
    tag: 'Webhooks',
    summary: 'A change in a list that you see',
    description: md`
      Sent for each change that the webhook asks for. \`data\` is the resource as you see it at that moment. ${TERMS}`,
    body: Change
  },
  {
    name: 'ping',
    operationId: 'receivePing',
    tag: 'Webhooks',
    summary: 'A trial',
    description: `Sent when somebody asks for it, as a change of the type \`ping\` about the webhook itself. ${TERMS}`,
    body: Change
  }
]

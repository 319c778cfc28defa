import { md } from '../../lib/md.ts'
import type { WebhookMessage } from '../feature.ts'
import type { Example, Parameter } from './document-types.ts'

interface WebhookItem {
  post: {
    operationId: string
    tags: string[]
    summary: string
    description: string
    parameters: Parameter[]
    requestBody: {
      required: true
      content: Record<string, { schema: { $ref: string }; examples: Record<string, Example> }>
    }
    responses: Record<string, { description: string }>
  }
}
export type WebhookItems = Record<string, WebhookItem>

const header = (name: string, maxLength: number, pattern: string, description: string) => ({
  in: 'header',
  name,
  required: true,
  description,
  schema: { type: 'string', maxLength, pattern }
})

/** The headers of Standard Webhooks. */
const HEADERS: Parameter[] = [
  header(
    'webhook-id',
    36,
    '^[0-9a-f-]{36}$',
    'The id of the message, the same in every attempt: what you have handled, you need not handle again.'
  ),
  header(
    'webhook-timestamp',
    20,
    '^[0-9]+$',
    'When the attempt was made, in seconds since 1970. Reject what is older than five minutes.'
  ),
  header(
    'webhook-signature',
    200,
    '^v1,[0-9A-Za-z+/=]+( v1,[0-9A-Za-z+/=]+)*$',
    md`
    Signatures separated by blanks, one of which must be right: \`v1,\` and the base64 of an HMAC-SHA256 of id,
    timestamp and body, joined by full stops. Libraries of Standard Webhooks verify it.`
  )
]

/** Describes what receivers of webhooks get, for the document of OpenAPI 3.1. */
export const webhookItems = (messages: WebhookMessage[]): WebhookItems =>
  Object.fromEntries(
    messages.map(({ name, operationId, tag, summary, description, body }) => [
      name,
      {
        post: {
          operationId,
          tags: [tag],
          summary,
          description,
          parameters: HEADERS,
          requestBody: {
            required: true,
            content: {
              'application/json': {
                schema: { $ref: `#/components/schemas/${body.$id}` },
                examples: { [String(body.$id)]: { summary, value: body.examples?.[0] } }
              }
            }
          },
          responses: { 204: { description: 'You have got it.' } }
        }
      }
    ])
  )

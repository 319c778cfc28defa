import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { CHANGE_TYPES } from '../../core/change-feed.ts'
import { PageQuery, pageSchema } from '../../http/pagination.schema.ts'
import {
  Id,
  NullableText,
  NullableTimestamp,
  params,
  ref,
  responseBody,
  stringEnum,
  Timestamp
} from '../../http/schemas.ts'

/** The type of a delivery that is no change but a trial. */
export const PING = 'ping'
/** Attempts that are kept of one delivery: more than there are without asking for it again. */
export const MAX_ATTEMPTS_KEPT = 20
/** Of them those of which it is kept what the receiver responded, and how many bytes of that. */
export const MAX_RESPONSES_KEPT = 3
export const MAX_RESPONSE_KEPT = 1024
const EXAMPLE_ID = '019f2f6e-7c1a-7888-8888-0123456789ab'
const CHANGE_ID = '019f2f6e-7c1a-7ccc-8ccc-0123456789ab'
const MAX_INT32 = 2_147_483_647

export const WebhookDeliveryStatus = stringEnum(
  'WebhookDeliveryStatus',
  ['pending', 'succeeded', 'failed'],
  'Whether a delivery waits for its next attempt, was accepted, or was given up.'
)
export type WebhookDeliveryStatus = Static<typeof WebhookDeliveryStatus>

const WebhookDeliveryType = stringEnum(
  'WebhookDeliveryType',
  [...CHANGE_TYPES, PING],
  'The type of the change that is sent, or `ping` for a trial.'
)

const WebhookAttempt = responseBody(
  'WebhookAttempt',
  {
    attempted_at: Timestamp('When it was made.'),
    status: Type.Unsafe<number | null>({
      type: ['integer', 'null'],
      format: 'int32',
      minimum: 100,
      maximum: 999,
      description: 'The status of the response; null when there was none.'
    }),
    duration_ms: Type.Integer({
      format: 'int32',
      minimum: 0,
      maximum: MAX_INT32,
      description: 'How long it took, in milliseconds.'
    }),
    error: NullableText('Why it has failed, in words; null when it has succeeded.', 500),
    response: NullableText(
      'The beginning of the response, up to 1 KiB, of the last three attempts; null when there was none.',
      MAX_RESPONSE_KEPT
    ),
    data_omitted: Type.Boolean({
      description: 'True when `data` was null because the body would have been larger than 256 KiB.'
    })
  },
  {
    description: 'One attempt to deliver. Every response with a status of 2xx is a success.',
    examples: [
      {
        attempted_at: '2026-01-02T03:04:06.789Z',
        status: 204,
        duration_ms: 87,
        error: null,
        response: '',
        data_omitted: false
      }
    ]
  }
)
export type WebhookAttempt = Static<typeof WebhookAttempt>

export const WebhookDelivery = responseBody(
  'WebhookDelivery',
  {
    id: Id("The delivery's id."),
    change_id: Id('The id of the change, which every attempt sends as `webhook-id`.'),
    type: ref(WebhookDeliveryType),
    status: ref(WebhookDeliveryStatus),
    attempt_count: Type.Integer({
      format: 'int32',
      minimum: 0,
      maximum: MAX_INT32,
      description: 'How many attempts were made since it was created or asked for again.'
    }),
    attempts: Type.Array(ref(WebhookAttempt), {
      maxItems: MAX_ATTEMPTS_KEPT,
      description: 'The last attempts, oldest first.'
    }),
    created_at: Timestamp('When it was created.'),
    next_attempt_at: NullableTimestamp('When the next attempt is due; null when there is none.'),
    finished_at: NullableTimestamp('When it was accepted or given up.')
  },
  {
    description: 'What is sent to a webhook for one change; kept for 30 days.',
    examples: [
      {
        id: EXAMPLE_ID,
        change_id: CHANGE_ID,
        type: 'task.updated',
        status: 'succeeded',
        attempt_count: 1,
        attempts: WebhookAttempt.examples,
        created_at: '2026-01-02T03:04:06.678Z',
        next_attempt_at: null,
        finished_at: '2026-01-02T03:04:06.876Z'
      }
    ]
  }
)
export type WebhookDelivery = Static<typeof WebhookDelivery>

export const WebhookDeliveryPage = pageSchema(
  'WebhookDeliveryPage',
  WebhookDelivery,
  'A page of deliveries.'
)

export const WebhookDeliveryParams = params({
  webhook_id: Id("The webhook's id."),
  delivery_id: Id("The delivery's id.")
})
export const WebhookDeliveryListQuery = params({
  ...PageQuery,
  status: Type.Optional(ref(WebhookDeliveryStatus))
})

export const deliverySchemas: TSchema[] = [
  WebhookDeliveryStatus,
  WebhookDeliveryType,
  WebhookAttempt,
  WebhookDelivery,
  WebhookDeliveryPage
]

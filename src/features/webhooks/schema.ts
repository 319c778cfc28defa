import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { CHANGE_TYPES } from '../../core/change-feed.ts'
import { PageQuery, pageSchema } from '../../http/pagination.schema.ts'
import {
  Id,
  NullableId,
  NullableText,
  NullableTimestamp,
  params,
  ref,
  requestBody,
  responseBody,
  singleLine,
  Timestamp
} from '../../http/schemas.ts'
import { md } from '../../lib/md.ts'
import { ChangeType } from '../changes/schema.ts'

export const MAX_WEBHOOKS = 20
const MAX_URL = 2048
const MAX_DESCRIPTION = 200
const EXAMPLE_ID = '019f2f6e-7c1a-7fff-8fff-0123456789ab'
const URL_PATTERN = '^[Hh][Tt][Tt][Pp][Ss]?://[^\\x00-\\x20\\x7f\\\\]+$'

const Types = (description: string) =>
  Type.Array(ref(ChangeType), { maxItems: CHANGE_TYPES.length, description })

const EXAMPLE = {
  id: EXAMPLE_ID,
  url: 'https://hooks.example.com/tasklane',
  types: ['task.created', 'task.updated'],
  project_id: null,
  description: 'Copies tasks into the calendar',
  enabled: true,
  disabled_reason: null,
  previous_secret_until: null,
  version: 1,
  created_at: '2026-01-02T03:04:05.678Z',
  updated_at: '2026-01-02T03:04:05.678Z'
}

const fields = {
  id: Id("The webhook's id."),
  url: Type.String({
    maxLength: MAX_URL,
    pattern: URL_PATTERN,
    description: 'Where changes are sent to.'
  }),
  types: Types('Which types of changes are sent; every type when it is empty.'),
  project_id: NullableId(
    'The one project whose changes are sent; null for every list that you see.'
  ),
  description: NullableText('What it is for.', MAX_DESCRIPTION),
  enabled: Type.Boolean({ description: 'False while nothing is sent.' }),
  disabled_reason: NullableText(
    md`
    Why Tasklane has disabled it: \`receiver_gone\` (the receiver responded with 410) or \`receiver_failing\` (no
    attempt has succeeded for five days). Null otherwise. New reasons may come.`,
    50
  ),
  previous_secret_until: NullableTimestamp(
    'Until when each delivery is also signed with the secret that was replaced.'
  ),
  version: Type.Integer({
    format: 'int32',
    minimum: 1,
    maximum: 2_147_483_647,
    description: 'Grows by one with each change; also in `ETag`.'
  }),
  created_at: Timestamp('When it was created.'),
  updated_at: Timestamp('When it was last changed.')
}

export const Webhook = responseBody('Webhook', fields, {
  description: 'Where Tasklane sends changes to, without its secret.',
  examples: [EXAMPLE]
})
export type Webhook = Static<typeof Webhook>

export const WebhookWithSecret = responseBody(
  'WebhookWithSecret',
  {
    ...fields,
    secret: Type.String({
      minLength: 50,
      maxLength: 50,
      pattern: '^whsec_[0-9A-Za-z+/]{43}=$',
      description: 'The secret that signs each delivery, shown only once.'
    })
  },
  {
    description: 'A webhook with a new secret.',
    examples: [{ ...EXAMPLE, secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=' }]
  }
)
export type WebhookWithSecret = Static<typeof WebhookWithSecret>

export const WebhookPage = pageSchema('WebhookPage', Webhook, 'A page of webhooks.')

const input = {
  url: Type.String({
    minLength: 1,
    maxLength: MAX_URL,
    pattern: URL_PATTERN,
    description: md`
      Where to send changes: \`https\`, port 443, 80 or 1024 and above, a host that is reachable from the internet,
      without username, password and fragment. Redirects are not followed. What else is possible (\`http\`, internal
      addresses) is the choice of the installation (\`WEBHOOK_ALLOW\`).`,
    'x-hint': 'must be a URL such as https://hooks.example.com/tasklane'
  }),
  types: Types('Which types of changes to send; every type when it is empty or absent.'),
  project_id: NullableId(
    'The one project whose changes to send; null for every list that you see.'
  ),
  description: NullableText('What it is for: one line of up to 200 characters.', MAX_DESCRIPTION, {
    ...singleLine(MAX_DESCRIPTION),
    'x-hint': 'must be one line of 1 to 200 characters, one of them visible, or null'
  })
}

export const WebhookCreate = requestBody(
  'WebhookCreate',
  {
    url: input.url,
    types: Type.Optional(input.types),
    project_id: Type.Optional(input.project_id),
    description: Type.Optional(input.description),
    enabled: Type.Optional(
      Type.Boolean({
        default: true,
        description: 'False to create it without sending anything yet.'
      })
    )
  },
  {
    description: 'A new webhook.',
    examples: [
      {
        url: 'https://hooks.example.com/tasklane',
        types: ['task.created', 'task.updated'],
        description: 'Copies tasks into the calendar'
      }
    ]
  }
)
export type WebhookCreate = Static<typeof WebhookCreate>

export const WebhookUpdate = requestBody(
  'WebhookUpdate',
  {
    url: Type.Optional(input.url),
    types: Type.Optional(input.types),
    project_id: Type.Optional(input.project_id),
    description: Type.Optional(input.description),
    enabled: Type.Optional(
      Type.Boolean({
        description: md`
          False stops sending; true sends again what has happened meanwhile, as far as the feed goes back, and clears
          \`disabled_reason\`.`
      })
    )
  },
  {
    minProperties: 1,
    description: 'A merge patch: an absent field stays as it is, null clears it.',
    examples: [{ enabled: true }]
  }
)
export type WebhookUpdate = Static<typeof WebhookUpdate>

export const WebhookReplay = requestBody(
  'WebhookReplay',
  {
    cursor: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 2048,
        pattern: '^[A-Za-z0-9_-]+$',
        description: md`
          A cursor of \`GET /changes\`, without filters or with those of the webhook: what has happened after it is sent
          again.`
      })
    ),
    since: Type.Optional(Timestamp('What has happened from this moment on is sent again.'))
  },
  {
    minProperties: 1,
    maxProperties: 1,
    description: 'Where to begin: exactly one of both.',
    examples: [{ since: '2026-01-02T03:04:05Z' }]
  }
)
export type WebhookReplay = Static<typeof WebhookReplay>

export const WebhookParams = params({ webhook_id: Id("The webhook's id.") })
export const WebhookListQuery = params(PageQuery)

export const schemas: TSchema[] = [
  Webhook,
  WebhookWithSecret,
  WebhookPage,
  WebhookCreate,
  WebhookUpdate,
  WebhookReplay
]

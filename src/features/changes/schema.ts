import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { CHANGE_TYPES, type ResourceType } from '../../core/change-feed.ts'
import {
  Id,
  NullableId,
  NullableText,
  params,
  ref,
  responseBody,
  stringEnum,
  Timestamp
} from '../../http/schemas.ts'
import { md } from '../../lib/md.ts'
import { ProjectMember } from '../projects/schema.ts'

/** As many as one page of changes can hold. */
export const MAX_PAGE = 500
export const DEFAULT_PAGE = 100

export const ChangeType = stringEnum(
  'ChangeType',
  CHANGE_TYPES,
  'The types of changes that a feed can be narrowed to.'
)
export type ChangeType = Static<typeof ChangeType>

const ChangeResource = responseBody(
  'ChangeResource',
  {
    type: Type.Unsafe<ResourceType>({
      type: 'string',
      maxLength: 50,
      pattern: '^[a-z_]+$',
      description: '`task`, `comment`, `project`, `member` or `import`; more may come.'
    }),
    id: Id('Its id; of a member, that of the user.'),
    version: Type.Unsafe<number | null>({
      type: ['integer', 'null'],
      format: 'int32',
      minimum: 1,
      maximum: 2_147_483_647,
      description: 'The version that the change created; null for what has no versions.'
    })
  },
  {
    description: 'What a change is about.',
    examples: [{ type: 'member', id: '019f2f6e-7c1a-7aaa-8aaa-0123456789ab', version: null }]
  }
)

export const Change = responseBody(
  'Change',
  {
    id: Id('The id of the change; that of the event in the history of a task.'),
    type: Type.Unsafe<ChangeType>({
      type: 'string',
      maxLength: 50,
      pattern: '^[a-z_.]+$',
      description: md`
        What happened, as a past fact: \`task.created\`, \`updated\`, \`moved\`, \`deleted\`, \`restored\` or
        \`purged\`; \`comment.created\`, \`updated\` or \`deleted\`; \`project.created\`, \`updated\`, \`deleted\` or
        \`restored\`; \`member.added\`, \`changed\` or \`removed\`; \`import.finished\`. \`access.gained\` says that you
        see a project from now on: list it. \`access.lost\` says that you do not see it any more: drop it. More may
        come.`
    }),
    occurred_at: Timestamp('When it happened.'),
    actor_id: NullableId('Who did it; null when Tasklane did it by itself.'),
    request_id: NullableText('The request that did it, as in `X-Request-Id`.', 64),
    project_id: NullableId('The project in whose list it happened; null in a personal list.'),
    resource: ref(ChangeResource),
    changed_fields: Type.Array(Type.String({ maxLength: 50, pattern: '^[a-z_]+$' }), {
      maxItems: 50,
      description: 'The fields that differ from before; none for what was created or deleted.'
    }),
    // No union: a generated client that tries each kind in turn breaks when one of them gains a field.
    data: Type.Unsafe<object | null>({
      description: md`
        The resource as it is when you read the change, not as it was after it: a \`Task\`, \`TaskComment\`,
        \`Project\`, \`ProjectMember\` or \`TaskImport\`, as \`resource.type\` says, in the form in which its
        own operation shows it. Null when it is gone, in the trash, or not visible to you any more.`
    })
  },
  {
    description: md`
      A change in a list that you see. Apply changes in their order, and of one resource the one with the highest
      version: that gives the present state.`,
    examples: [
      {
        id: '019f2f6e-7c1a-7ccc-8ccc-0123456789ab',
        type: 'member.added',
        occurred_at: '2026-01-02T03:04:05.678Z',
        actor_id: '019f2f6e-7c1a-7aaa-8aaa-0123456789ab',
        request_id: 'req-1',
        project_id: '019f2f6e-7c1a-7eee-8eee-0123456789ab',
        resource: ChangeResource.examples[0],
        changed_fields: [],
        data: ProjectMember.examples[0]
      }
    ]
  }
)
export type Change = Static<typeof Change>

const Cursor = (description: string) =>
  Type.String({ minLength: 1, maxLength: 2048, pattern: '^[A-Za-z0-9_-]+$', description })

const ChangePagination = responseBody(
  'ChangePagination',
  {
    next_cursor: Cursor('Where to go on; always there. Keep it with what you have stored.'),
    has_more: Type.Boolean({ description: 'True when more has happened already: go on at once.' })
  },
  {
    description: 'Where the feed goes on.',
    examples: [{ next_cursor: 'AZqR4bT2', has_more: false }]
  }
)

export const ChangePage = responseBody(
  'ChangePage',
  {
    data: Type.Array(ref(Change), { maxItems: MAX_PAGE, description: 'Changes, oldest first.' }),
    pagination: ref(ChangePagination)
  },
  {
    description: 'A page of changes.',
    examples: [{ data: Change.examples, pagination: ChangePagination.examples[0] }]
  }
)
export type ChangePage = Static<typeof ChangePage>

/** What a feed can be narrowed to. */
export const ChangeFilterQuery = {
  type: Type.Optional(
    Type.Array(ref(ChangeType), {
      minItems: 1,
      maxItems: CHANGE_TYPES.length,
      description: 'Only changes of these types.'
    })
  ),
  project_id: Type.Optional(
    Type.String({
      format: 'uuid',
      maxLength: 36,
      description: 'Only changes in this project; those of your access to it included.'
    })
  )
}
export type ChangeFilter = { type?: ChangeType[]; project_id?: string }

export const ChangeListQuery = params({
  cursor: Type.Optional(
    Cursor(
      'The `next_cursor` of the page before. Without it, the page is empty and names the present.'
    )
  ),
  limit: Type.Optional(
    Type.Integer({
      format: 'int32',
      minimum: 1,
      maximum: MAX_PAGE,
      default: DEFAULT_PAGE,
      description: 'The most changes to return.'
    })
  ),
  ...ChangeFilterQuery
})

export const ChangeStreamQuery = params({
  cursor: Type.Optional(
    Cursor(
      'Where to go on; without it, and without `Last-Event-ID`, the stream begins with the present.'
    )
  ),
  ticket: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 100,
      pattern: '^[A-Za-z0-9_-]+$',
      description: 'A ticket of `createChangeTicket`, instead of the header.'
    })
  ),
  ...ChangeFilterQuery
})
export const LastEventId = Type.Object({
  'last-event-id': Type.Optional(
    Cursor('The id of the last event that was received; browsers send it. It goes before `cursor`.')
  )
})

export const ChangeTicket = responseBody(
  'ChangeTicket',
  {
    ticket: Type.String({
      maxLength: 100,
      pattern: '^[A-Za-z0-9_-]+$',
      description: 'Opens one stream: send it as `ticket`.'
    }),
    expires_at: Timestamp('Until when, 30 seconds from now.')
  },
  {
    description: 'A ticket for one stream.',
    examples: [
      {
        ticket: 'nJ8sVd2o0m3pQy5cT1uWx7zA9bC4eF6gH0iK2lM8nO4',
        expires_at: '2026-01-02T03:04:35.678Z'
      }
    ]
  }
)

export const schemas: TSchema[] = [
  ChangeTicket,
  ChangeType,
  ChangeResource,
  Change,
  ChangePagination,
  ChangePage
]

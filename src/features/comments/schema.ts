import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { PageQuery, pageSchema } from '../../http/pagination.schema.ts'
import {
  Id,
  NO_NUL,
  NullableTimestamp,
  params,
  requestBody,
  responseBody,
  Timestamp,
  VISIBLE_TEXT
} from '../../http/schemas.ts'
import { md } from '../../lib/md.ts'

export const MAX_BODY = 10_000
/** The most people whom a comment mentions. */
export const MAX_MENTIONS = 50

export const TaskComment = responseBody(
  'TaskComment',
  {
    id: Id("The comment's id."),
    task_id: Id('The task that it is about.'),
    author_id: Id('Who wrote it; the account may be deleted by now.'),
    body: Type.String({
      maxLength: MAX_BODY,
      pattern: NO_NUL,
      description: 'The text, as it was sent; Markdown, which is not rendered here.'
    }),
    mentions: Type.Array(Id('A user.'), {
      maxItems: MAX_MENTIONS,
      description: md`
        Whom the text mentions as \`@username\`, in the order in which they first occur: people who could see the task
        when it was written.`
    }),
    edited_at: NullableTimestamp('When the text was last changed; null while it never was.'),
    version: Type.Integer({
      format: 'int32',
      minimum: 1,
      maximum: 2_147_483_647,
      description: 'Grows by one with each change; also in `ETag`.'
    }),
    created_at: Timestamp('When it was written.')
  },
  {
    description: 'A comment on a task.',
    examples: [
      {
        id: '019f2f6e-7c1a-7fff-8fff-0123456789ab',
        task_id: '019f2f6e-7c1a-7bbb-8bbb-0123456789ab',
        author_id: '019f2f6e-7c1a-7aaa-8aaa-0123456789ab',
        body: 'Which *blue*, @kim?',
        mentions: ['019f2f6e-7c1a-7eee-8eee-0123456789ab'],
        edited_at: null,
        version: 1,
        created_at: '2026-01-02T03:04:05.678Z'
      }
    ]
  }
)
export type TaskComment = Static<typeof TaskComment>
export const TaskCommentPage = pageSchema(
  'TaskCommentPage',
  TaskComment,
  'A page of the comments on a task.'
)

const body = Type.String({
  minLength: 1,
  maxLength: MAX_BODY,
  ...VISIBLE_TEXT,
  description: md`
    1 to 10 000 characters, of any number of lines, stored as they are: Markdown or plain text. \`@username\` mentions
    somebody who can see the task, whatever the case; the address \`a@example.com\` mentions nobody.`,
  'x-hint': 'must have 1 to 10 000 characters, one of them visible'
})

export const TaskCommentCreate = requestBody(
  'TaskCommentCreate',
  { body },
  { description: 'A new comment.', examples: [{ body: 'Which *blue*, @kim?' }] }
)
export type TaskCommentCreate = Static<typeof TaskCommentCreate>

export const TaskCommentUpdate = requestBody(
  'TaskCommentUpdate',
  { body: Type.Optional(body) },
  {
    minProperties: 1,
    description: 'A merge patch: the text that a comment gets.',
    examples: [{ body: 'Which *green*, @kim?' }]
  }
)
export type TaskCommentUpdate = Static<typeof TaskCommentUpdate>

export const TaskCommentListQuery = params(PageQuery)
export const TaskCommentParams = params({
  task_id: Id("The task's id."),
  comment_id: Id("The comment's id.")
})

export const schemas: TSchema[] = [
  TaskComment,
  TaskCommentPage,
  TaskCommentCreate,
  TaskCommentUpdate
]

import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { pageSchema } from '../../http/pagination.schema.ts'
import {
  Id,
  NO_NUL,
  NullableId,
  NullableText,
  NullableTimestamp,
  params,
  ref,
  requestBody,
  responseBody,
  singleLine,
  stringEnum,
  Timestamp
} from '../../http/schemas.ts'

export const TaskStatus = stringEnum(
  'TaskStatus',
  ['todo', 'in_progress', 'done'],
  'How far a task is.'
)
export const TaskPriority = stringEnum(
  'TaskPriority',
  ['low', 'medium', 'high'],
  'How much a task matters; sorted low < medium < high.'
)

const MAX_TITLE = 200
/** Blanks around a title do not count, so a longer text may still be a title. */
const MAX_TITLE_SENT = 400
const MAX_TAGS = 20
const MAX_TAG = 50
const MAX_DESCRIPTION = 10_000

const Title = Type.String({
  minLength: 1,
  maxLength: MAX_TITLE_SENT,
  pattern: singleLine(MAX_TITLE),
  description: 'One line of 1 to 200 characters; blanks around it are removed.',
  'x-hint': 'must be one line of 1 to 200 characters that is not blank, without control characters'
})
const Description = NullableText('Free text of up to 10 000 characters.', MAX_DESCRIPTION)
const DueDate = NullableTimestamp('When it is due, with zone; kept in UTC to the millisecond.')
/** Separates tags in CSV, so it cannot be part of one. */
export const TAG_SEPARATOR = '|'
const Tags = Type.Array(
  Type.String({
    minLength: 1,
    maxLength: MAX_TAG,
    pattern: singleLine(MAX_TAG, TAG_SEPARATOR),
    description: 'One tag; blanks around it are removed.',
    'x-hint': 'must be one line that is not blank, without | and control characters'
  }),
  { maxItems: MAX_TAGS, description: 'Up to 20 tags, kept in order; repeated ones count once.' }
)
const Assignee = NullableId('The user who is to do it, besides the owner.')

const EXAMPLE = {
  id: '019f2f6e-7c1a-7bbb-8bbb-0123456789ab',
  owner_id: '019f2f6e-7c1a-7aaa-8aaa-0123456789ab',
  assignee_id: null,
  title: 'Paint the door',
  description: null,
  status: 'todo',
  priority: 'medium',
  due_date: '2026-02-01T17:00:00.000Z',
  tags: ['home'],
  completed: false,
  completed_at: null,
  version: 1,
  created_at: '2026-01-02T03:04:05.678Z',
  updated_at: '2026-01-02T03:04:05.678Z',
  deleted_at: null
}

export const Task = responseBody(
  'Task',
  {
    id: Id("The task's id, a UUIDv7."),
    owner_id: Id('Whose task it is.'),
    assignee_id: Assignee,
    title: Type.String({
      maxLength: MAX_TITLE,
      pattern: NO_NUL,
      description: 'What is to be done.'
    }),
    description: Description,
    status: ref(TaskStatus),
    priority: ref(TaskPriority),
    due_date: DueDate,
    tags: Type.Array(
      Type.String({ maxLength: MAX_TAG, pattern: NO_NUL, description: 'One tag.' }),
      { maxItems: MAX_TAGS, description: 'Its tags.' }
    ),
    completed: Type.Boolean({ description: 'True while `status` is `done`.' }),
    completed_at: NullableTimestamp('When it was last finished; null while it is not.'),
    version: Type.Integer({
      format: 'int32',
      minimum: 1,
      maximum: 2_147_483_647,
      description: 'Grows by one with each change; also in `ETag`.'
    }),
    created_at: Timestamp('When it was made.'),
    updated_at: Timestamp('When it was last changed.'),
    deleted_at: NullableTimestamp('When it was deleted; it can be restored until it is purged.')
  },
  { description: 'A task.', examples: [EXAMPLE] }
)
export type Task = Static<typeof Task>

export const TaskPage = pageSchema('TaskPage', Task, 'A page of tasks.')

export const TaskCreate = requestBody(
  'TaskCreate',
  {
    id: Type.Optional(
      Type.String({
        format: 'uuid',
        maxLength: 36,
        pattern:
          '^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-7[0-9A-Fa-f]{3}-[89ABab][0-9A-Fa-f]{3}-[0-9A-Fa-f]{12}$',
        description: 'Your own id, a UUIDv7; a second task with it is refused.',
        'x-hint': 'must be a UUIDv7'
      })
    ),
    title: Title,
    description: Type.Optional(Description),
    status: Type.Optional(ref(TaskStatus)),
    priority: Type.Optional(ref(TaskPriority)),
    due_date: Type.Optional(DueDate),
    tags: Type.Optional(Tags),
    assignee_id: Type.Optional(Assignee)
  },
  {
    description: 'A new task; without `status` it is `todo`, without `priority` it is `medium`.',
    examples: [{ title: 'Paint the door', due_date: '2026-02-01T17:00:00Z', tags: ['home'] }]
  }
)
export type TaskCreate = Static<typeof TaskCreate>

export const TaskUpdate = requestBody(
  'TaskUpdate',
  {
    title: Type.Optional(Title),
    description: Type.Optional(Description),
    status: Type.Optional(ref(TaskStatus)),
    priority: Type.Optional(ref(TaskPriority)),
    due_date: Type.Optional(DueDate),
    tags: Type.Optional(Tags),
    assignee_id: Type.Optional(Assignee)
  },
  {
    minProperties: 1,
    description: 'A merge patch: an absent field stays, null clears it.',
    examples: [{ status: 'done', due_date: null }]
  }
)
export type TaskUpdate = Static<typeof TaskUpdate>

export const TaskReplace = requestBody(
  'TaskReplace',
  {
    title: Title,
    description: Description,
    status: ref(TaskStatus),
    priority: ref(TaskPriority),
    due_date: DueDate,
    tags: Tags,
    assignee_id: Assignee
  },
  {
    'x-hint': 'PUT sets every field; to change some of them use PATCH',
    description: 'Every writable field of a task; to change some of them use PATCH.',
    examples: [
      {
        title: 'Paint the door',
        description: null,
        status: 'todo',
        priority: 'high',
        due_date: null,
        tags: [],
        assignee_id: null
      }
    ]
  }
)
export type TaskReplace = Static<typeof TaskReplace>

export const TasksDeleted = responseBody(
  'TasksDeleted',
  {
    deleted: Type.Integer({
      format: 'int32',
      minimum: 0,
      maximum: 2_147_483_647,
      description: 'How many tasks went into the trash.'
    })
  },
  { description: 'How far a deletion of all tasks went.', examples: [{ deleted: 6 }] }
)

export const TaskParams = params({ task_id: Id("The task's id.") })

export const schemas: TSchema[] = [
  TaskStatus,
  TaskPriority,
  Task,
  TaskPage,
  TaskCreate,
  TaskUpdate,
  TaskReplace,
  TasksDeleted
]

import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { pageSchema } from '../../http/pagination.schema.ts'
import {
  Id,
  NullableTimestamp,
  OwnId,
  params,
  ref,
  requestBody,
  responseBody,
  stringEnum,
  Timestamp
} from '../../http/schemas.ts'
import { md } from '../../lib/md.ts'
import { MAX_POSITION } from '../../lib/position.ts'
import { IncludeSubtasks, TaskPriority, TaskStatus } from './fields.schema.ts'
import {
  CSV_COLUMNS,
  type CsvFieldName,
  DEFAULTS,
  inputSchemas,
  optionalInputSchemas,
  outputSchemas
} from './fields.ts'

const { assignee_id: unassigned, ...otherDefaults } = DEFAULTS
const EXAMPLE = {
  id: '019f2f6e-7c1a-7bbb-8bbb-0123456789ab',
  owner_id: '019f2f6e-7c1a-7aaa-8aaa-0123456789ab',
  created_by: '019f2f6e-7c1a-7aaa-8aaa-0123456789ab',
  assignee_id: unassigned,
  title: 'Paint the door',
  ...otherDefaults,
  position: 'l019b7cbfc08e019f2f6e7c1a7bbb8bbb0123456789ab8',
  due_date: '2026-02-01T17:00:00.000Z',
  tags: ['home'],
  completed: false,
  completed_at: null,
  comment_count: 0,
  version: 1,
  created_at: '2026-01-02T03:04:05.678Z',
  updated_at: '2026-01-02T03:04:05.678Z',
  deleted_at: null
}

const { assignee_id, ...otherOutputSchemas } = outputSchemas

export const TaskSubtasks = responseBody(
  'TaskSubtasks',
  {
    total: Type.Integer({
      format: 'int32',
      minimum: 0,
      maximum: 2_147_483_647,
      description: 'How many there are.'
    }),
    done: Type.Integer({
      format: 'int32',
      minimum: 0,
      maximum: 2_147_483_647,
      description: 'How many of them are finished.'
    })
  },
  {
    description: 'The live subtasks of a task, those directly below it.',
    examples: [{ total: 3, done: 1 }]
  }
)
export type TaskSubtasks = Static<typeof TaskSubtasks>

export const Task = responseBody(
  'Task',
  {
    id: Id("The task's id, a UUIDv7."),
    owner_id: Id('The user who owns the task; in a project, the owner of the project.'),
    created_by: Id('The user who created it.'),
    assignee_id,
    ...otherOutputSchemas,
    subtasks: Type.Optional(ref(TaskSubtasks)),
    position: Type.String({
      maxLength: MAX_POSITION,
      pattern: '^[A-Za-z][0-9a-f]*$',
      description: md`
        Where it is in the manual order of its list: tasks of one list sort by it, byte by byte. \`moveTask\` changes
        it; a new task is at the end.`
    }),
    completed: Type.Boolean({ description: 'True while `status` is `done`.' }),
    completed_at: NullableTimestamp('When it was last finished; null while it is not.'),
    comment_count: Type.Integer({
      format: 'int32',
      minimum: 0,
      maximum: 2_147_483_647,
      description: 'How many comments it has; they change neither `version` nor `updated_at`.'
    }),
    version: Type.Integer({
      format: 'int32',
      minimum: 1,
      maximum: 2_147_483_647,
      description: 'Grows by one with each change of the task; also in `ETag`.'
    }),
    created_at: Timestamp('When it was created.'),
    updated_at: Timestamp('When it was last changed.'),
    deleted_at: NullableTimestamp('When it was deleted; it can be restored until it is purged.')
  },
  { description: 'A task.', examples: [EXAMPLE] }
)
export type Task = Static<typeof Task>

export const TaskPage = pageSchema('TaskPage', Task, 'A page of tasks.')

/** What is changed by another operation. */
export const ELSEWHERE = { 'x-elsewhere': { position: 'POST /tasks/{task_id}/move' } }

export const TaskCreate = requestBody(
  'TaskCreate',
  {
    id: Type.Optional(OwnId('Your own id, a UUIDv7; a second task with it is rejected.')),
    ...optionalInputSchemas,
    title: inputSchemas.title
  },
  {
    ...ELSEWHERE,
    description: 'A new task; without `status` it is `todo`, without `priority` it is `medium`.',
    examples: [{ title: 'Paint the door', due_date: '2026-02-01T17:00:00Z', tags: ['home'] }]
  }
)
export type TaskCreate = Static<typeof TaskCreate>

export const TaskUpdate = requestBody('TaskUpdate', optionalInputSchemas, {
  ...ELSEWHERE,
  minProperties: 1,
  description: 'A merge patch: an absent field stays as it is, null clears it.',
  examples: [{ status: 'done', due_date: null }]
})
export type TaskUpdate = Static<typeof TaskUpdate>

const { all_day, project_id, parent_id, ...requiredInputs } = inputSchemas

export const TaskReplace = requestBody(
  'TaskReplace',
  {
    ...requiredInputs,
    all_day: Type.Optional(all_day),
    project_id: Type.Optional(project_id),
    parent_id: Type.Optional(parent_id)
  },
  {
    ...ELSEWHERE,
    'x-hint': 'PUT sets every field; to change some of them use PATCH',
    description: md`
      Every writable field of a task; only \`all_day\` may be left out, and \`project_id\` and \`parent_id\`, which
      then stay as they are. To change some fields use PATCH.`,
    examples: [{ title: 'Paint the door', ...DEFAULTS, priority: 'high' }]
  }
)

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
  { description: 'How many tasks were deleted.', examples: [{ deleted: 6 }] }
)

const DeleteAllConfirmation = stringEnum(
  'DeleteAllConfirmation',
  ['all'],
  'What you confirm: that all your tasks are meant.'
)
/** Optional in the contract, so that clients that were generated before still compile; the handler asks for it. */
export const DeleteAllQuery = params({ confirm: Type.Optional(ref(DeleteAllConfirmation)) })

export const TaskParams = params({ task_id: Id("The task's id.") })

export const TaskReadQuery = params({ include_subtasks: IncludeSubtasks })

/** The columns that a CSV file of tasks may have. */
export const csvColumns = CSV_COLUMNS
export type CsvField = CsvFieldName

export const schemas: TSchema[] = [
  TaskStatus,
  TaskPriority,
  TaskSubtasks,
  Task,
  TaskPage,
  TaskCreate,
  TaskUpdate,
  TaskReplace,
  TasksDeleted,
  DeleteAllConfirmation
]

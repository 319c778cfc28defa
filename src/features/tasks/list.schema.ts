import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { PageQuery } from '../../http/pagination.schema.ts'
import {
  DateOrTimestamp,
  Id,
  params,
  ref,
  responseBody,
  singleLine,
  stringEnum
} from '../../http/schemas.ts'
import { TimeZoneName } from '../../http/time-zone.ts'
import { md } from '../../lib/md.ts'
import { IncludeSubtasks, TaskPriority, TaskStatus } from './fields.schema.ts'

const MAX_TAGS = 20
const MAX_PROJECTS = 50
/** What `assignee_id` is for tasks that are assigned to nobody. */
export const NOBODY = 'none'
const MAX_Q = 200

const TaskScope = stringEnum(
  'TaskScope',
  ['mine', 'all'],
  "Whose tasks: `mine` (own and assigned ones, and those of your projects), or `all` (everybody's; managers only)."
)
const TaskDeleted = stringEnum(
  'TaskDeleted',
  ['exclude', 'only', 'include'],
  'Whether deleted tasks are left out, are the only ones, or are included.'
)
export const TaskSort = stringEnum(
  'TaskSort',
  [
    'created_at_asc',
    'created_at_desc',
    'updated_at_asc',
    'updated_at_desc',
    'due_date_asc',
    'due_date_desc',
    'priority_asc',
    'priority_desc',
    'title_asc',
    'title_desc',
    'position_asc',
    'position_desc'
  ],
  md`
    The order of a list. Ties are sorted by id in the same direction; tasks without a due date come last in both
    directions; titles sort whatever their case and accents, and numbers in them by value. \`scope=all\` without an
    \`owner_id\` is sorted by times only. \`position\` is the manual order of one list: it needs one \`project_id\`, or
    \`personal=true\`, which then leaves out tasks of others that are assigned to you.`
)
export type TaskSort = Static<typeof TaskSort>

/** The filters of list, statistics and export; they can be combined, and a task must pass each. */
const Filter = {
  scope: Type.Optional(ref(TaskScope)),
  owner_id: Type.Optional(Id('Only tasks of this owner; only managers may name somebody else.')),
  project_id: Type.Optional(
    Type.Array(Id('A project.'), {
      minItems: 1,
      maxItems: MAX_PROJECTS,
      description:
        'Only tasks of these projects; repeat the parameter. One that you cannot see is a 404.'
    })
  ),
  personal: Type.Optional(
    Type.Boolean({
      description: 'Only tasks that are in no project, or only those that are in one.'
    })
  ),
  parent_id: Type.Optional(Id('Only the subtasks of this task, those directly below it.')),
  top_level: Type.Optional(
    Type.Boolean({ description: 'Only tasks that are no subtasks, or only those that are.' })
  ),
  assignee_id: Type.Optional(
    Type.String({
      maxLength: 36,
      pattern: `^(${NOBODY}|[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})$`,
      description:
        'Only tasks assigned to this user, by id; `none` for those that are assigned to nobody.',
      'x-hint': 'must be the id of a user, or none'
    })
  ),
  created_by: Type.Optional(Id('Only tasks that this user created.')),
  status: Type.Optional(
    Type.Array(ref(TaskStatus), {
      maxItems: 3,
      description: 'Tasks with one of these states; repeat the parameter.'
    })
  ),
  priority: Type.Optional(
    Type.Array(ref(TaskPriority), {
      maxItems: 3,
      description: 'Tasks with one of these priorities; repeat the parameter.'
    })
  ),
  tag: Type.Optional(
    Type.Array(
      Type.String({
        minLength: 1,
        maxLength: 50,
        pattern: singleLine(50, '|').pattern,
        description: 'One tag.'
      }),
      {
        maxItems: MAX_TAGS,
        description: 'Tasks with one of these tags; repeat the parameter.'
      }
    )
  ),
  completed: Type.Optional(
    Type.Boolean({ description: 'Only finished tasks, or only unfinished ones.' })
  ),
  overdue: Type.Optional(
    Type.Boolean({
      description:
        'Only tasks whose due date, or its day, has passed while they are unfinished, or only the others.'
    })
  ),
  due_after: Type.Optional(DateOrTimestamp('Due at this time or later, or from this day on.')),
  due_before: Type.Optional(
    DateOrTimestamp('Due before this time, or before the end of this day.')
  ),
  created_after: Type.Optional(
    DateOrTimestamp('Created at this time or later, or from this day on.')
  ),
  created_before: Type.Optional(
    DateOrTimestamp('Created before this time, or before the end of this day.')
  ),
  updated_after: Type.Optional(
    DateOrTimestamp('Last changed at this time or later, or from this day on.')
  ),
  updated_before: Type.Optional(
    DateOrTimestamp('Last changed before this time, or before the end of this day.')
  ),
  time_zone: Type.Optional(
    TimeZoneName(md`
      The time zone in which days begin and end, for filters by a date and for all-day tasks; without it they do in
      UTC.`)
  ),
  q: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: MAX_Q,
      pattern: '^[^\\x00]*$',
      description: md`
        Words in title and description, whatever their case and accents. Quotes make a phrase, \`or\` an alternative,
        a leading hyphen an exclusion; anything else is ordinary text. The last word may be the beginning of one,
        unless it is quoted or excluded. A text without any word finds nothing; one of 60 characters or more may
        have up to 16 words.`
    })
  ),
  deleted: Type.Optional(ref(TaskDeleted))
}

export const TaskListQuery = params({
  ...Filter,
  sort: Type.Optional(ref(TaskSort)),
  ...PageQuery,
  include_total: Type.Optional(
    Type.Boolean({
      default: false,
      description: 'Also count all matches; the more there are, the longer it takes.'
    })
  ),
  include_subtasks: IncludeSubtasks
})
export type TaskListQuery = Static<typeof TaskListQuery>

export const TaskFilterQuery = params(Filter)
export type TaskFilterQuery = Static<typeof TaskFilterQuery>

export const TaskExportQuery = params({
  ...Filter,
  bom: Type.Optional(
    Type.Boolean({
      default: false,
      description:
        'Begin the file with a byte order mark, by which Excel on Windows knows UTF-8; an import skips it.'
    })
  )
})
export type TaskExportQuery = Static<typeof TaskExportQuery>

const Count = (description: string) =>
  Type.Integer({ format: 'int32', minimum: 0, maximum: 2_147_483_647, description })
const TaskStatusCounts = responseBody(
  'TaskStatusCounts',
  { todo: Count('Not started.'), in_progress: Count('Started.'), done: Count('Finished.') },
  {
    description: 'How many tasks are in each state.',
    examples: [{ todo: 3, in_progress: 1, done: 2 }]
  }
)
const TaskPriorityCounts = responseBody(
  'TaskPriorityCounts',
  {
    low: Count('Of low priority.'),
    medium: Count('Of medium priority.'),
    high: Count('Of high priority.')
  },
  { description: 'How many tasks have each priority.', examples: [{ low: 1, medium: 4, high: 1 }] }
)
export const TaskStats = responseBody(
  'TaskStats',
  {
    total: Count('All tasks that match.'),
    by_status: ref(TaskStatusCounts),
    by_priority: ref(TaskPriorityCounts),
    overdue: Count('Unfinished ones whose due date has passed.')
  },
  {
    description: 'Counts of the tasks that match.',
    examples: [
      {
        total: 6,
        by_status: TaskStatusCounts.examples[0],
        by_priority: TaskPriorityCounts.examples[0],
        overdue: 1
      }
    ]
  }
)
export type TaskStats = Static<typeof TaskStats>

export const schemas: TSchema[] = [
  TaskScope,
  TaskDeleted,
  TaskSort,
  TaskStatusCounts,
  TaskPriorityCounts,
  TaskStats
]

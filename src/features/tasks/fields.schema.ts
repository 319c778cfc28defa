import { Type } from '@sinclair/typebox'
import {
  NO_NUL,
  NullableDateOrTimestamp,
  NullableId,
  NullableText,
  NullableTimestamp,
  singleLine,
  stringEnum
} from '../../http/schemas.ts'
import { md } from '../../lib/md.ts'

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
/** Surrounding blanks do not count, so a longer text may still be a title. */
const MAX_TITLE_SENT = 400
export const MAX_TAGS = 20
export const MAX_TAG = 50
const MAX_DESCRIPTION = 10_000

/** Separates tags in CSV, so it cannot be part of one. */
export const TAG_SEPARATOR = '|'

export const TitleInput = Type.String({
  minLength: 1,
  maxLength: MAX_TITLE_SENT,
  ...singleLine(MAX_TITLE),
  description: 'One line of 1 to 200 characters; surrounding blanks are removed.',
  'x-hint':
    'must be one line of 1 to 200 characters, one of them visible, without control characters'
})
export const Title = Type.String({
  maxLength: MAX_TITLE,
  pattern: NO_NUL,
  description: 'What is to be done.'
})
export const Description = NullableText('Free text of up to 10 000 characters.', MAX_DESCRIPTION)
export const DueDateInput = NullableDateOrTimestamp(
  md`
    When it is due: a date and time with zone, stored in UTC to the millisecond, or a date alone such as \`2026-12-31\`,
    which makes the task due on that day, wherever one is (\`all_day\`). It is in the contract as a string, since it is
    one of two formats.`
)
export const DueDate = NullableTimestamp(
  'When it is due, in UTC. Of an all-day task, the end of its day: `2026-12-31T23:59:59.999Z`.'
)
export const AllDayInput = Type.Boolean({
  description: md`
    Follows from \`due_date\`, so it may be left out: a date alone makes it true, another date and time makes it false.
    Send both to give a task the values that another one was read with. True needs a \`due_date\` that is a date or the
    end of one in UTC; anything else is a 400.`
})
export const AllDay = Type.Boolean({
  description:
    'True when it is due on a day, wherever one is, and not at a moment; `due_date` is then the end of that day in UTC.'
})
export const TagsInput = Type.Array(
  Type.String({
    minLength: 1,
    maxLength: MAX_TAG,
    ...singleLine(MAX_TAG, TAG_SEPARATOR),
    description: 'One tag; surrounding blanks are removed.',
    'x-hint': 'must be one line with a visible character, without | and control characters'
  }),
  {
    maxItems: MAX_TAGS,
    description: 'Up to 20 tags, stored in the given order; duplicates count once.'
  }
)
export const Tags = Type.Array(
  Type.String({ maxLength: MAX_TAG, pattern: NO_NUL, description: 'One tag.' }),
  { maxItems: MAX_TAGS, description: 'Its tags.' }
)
export const Assignee = NullableId(
  'The user who works on it besides the owner; in a project, one of its members or its owner.'
)
export const ProjectId = NullableId(
  'The project that it is in; null for a personal task. A task in a project belongs to the owner of the project.'
)
export const ProjectIdInput = NullableId(md`
  The project that it is in, of which you are an editor at least; null for your personal tasks. Changing it moves the
  task with its history.`)
export const ParentId = NullableId(
  'The task that it is a subtask of; null for one at the top level.'
)
export const ParentIdInput = NullableId(md`
  The task that it becomes a subtask of: a live one of the same list, at most two levels below the top, with up to 200
  subtasks, and up to 1 000 tasks below the top one. Null lifts it to the top level. A new subtask without
  \`project_id\` gets that of its parent.`)

export const IncludeSubtasks = Type.Optional(
  Type.Boolean({
    default: false,
    description: 'Also count the subtasks of each task, in `subtasks`.'
  })
)

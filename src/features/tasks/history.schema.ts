import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { PageQuery, pageSchema } from '../../http/pagination.schema.ts'
import {
  Id,
  NullableId,
  NullableText,
  params,
  ref,
  responseBody,
  Timestamp
} from '../../http/schemas.ts'
import { md } from '../../lib/md.ts'

/** A value as text, so that one type holds them all: tags are joined by `|`, which no tag contains. */
const Value = (description: string) => NullableText(description, 10_000)

const TaskFieldChange = responseBody(
  'TaskFieldChange',
  {
    field: Type.String({
      maxLength: 50,
      pattern: '^[a-z_]+$',
      description: 'The field that changed.'
    }),
    before: Value('Its value before, as text; tags joined by `|`; null when there was none.'),
    after: Value('Its value after, in the same form.')
  },
  {
    description: 'One field before and after.',
    examples: [{ field: 'status', before: 'todo', after: 'done' }]
  }
)

export const TaskEvent = responseBody(
  'TaskEvent',
  {
    id: Id("The event's id."),
    task_id: Id('The task that changed.'),
    type: Type.String({
      maxLength: 50,
      pattern: '^[a-z_.]+$',
      description:
        '`task.created`, `task.updated`, `task.moved`, `task.deleted` or `task.restored`; more may come.'
    }),
    version: Type.Integer({
      format: 'int32',
      minimum: 1,
      maximum: 2_147_483_647,
      description: 'The version that the change created.'
    }),
    actor_id: NullableId('Who did it; null when Tasklane did it by itself.'),
    request_id: NullableText(
      md`The request that did it, as in \`X-Request-Id\`, which the caller may have chosen. Where no request is
           behind the event it begins with \`system:\`, which no caller can send.`,
      64
    ),
    changes: Type.Array(ref(TaskFieldChange), {
      maxItems: 50,
      description: md`
        The fields that changed; none when the task was created or deleted. A task that is restored without its parent
        has \`parent_id\`.`
    }),
    created_at: Timestamp('When it happened.')
  },
  {
    description: 'An event in the history of a task.',
    examples: [
      {
        id: '019f2f6e-7c1a-7ccc-8ccc-0123456789ab',
        task_id: '019f2f6e-7c1a-7bbb-8bbb-0123456789ab',
        type: 'task.updated',
        version: 2,
        actor_id: '019f2f6e-7c1a-7aaa-8aaa-0123456789ab',
        request_id: 'req-1',
        changes: TaskFieldChange.examples,
        created_at: '2026-01-02T03:04:05.678Z'
      }
    ]
  }
)
export type TaskEvent = Static<typeof TaskEvent>

export const TaskEventPage = pageSchema('TaskEventPage', TaskEvent, "A page of a task's history.")
export const TaskEventQuery = params(PageQuery)

export const schemas: TSchema[] = [TaskFieldChange, TaskEvent, TaskEventPage]

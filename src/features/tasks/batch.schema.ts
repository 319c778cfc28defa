import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { ProblemBody } from '../../http/problem.schema.ts'
import { NullableId, ref, requestBody, responseBody, stringEnum } from '../../http/schemas.ts'
import { md } from '../../lib/md.ts'
import { ELSEWHERE, Task, TaskUpdate } from './schema.ts'

export const MAX_OPERATIONS = 100

const TaskBatchOp = stringEnum(
  'TaskBatchOp',
  ['create', 'update', 'delete'],
  'What to do: `create` needs `data` with a title, `update` needs `id` and `data`, `delete` needs `id`.'
)

const TaskBatchData = requestBody('TaskBatchData', TaskUpdate.properties, {
  ...ELSEWHERE,
  description: 'The fields of a new task, or the fields to change.',
  examples: [{ title: 'Paint the door' }]
})

const TaskBatchOperation = requestBody(
  'TaskBatchOperation',
  {
    op: ref(TaskBatchOp),
    id: Type.Optional(
      Type.String({
        format: 'uuid',
        maxLength: 36,
        description:
          'The task to change or delete; with `create` your own id for it, a UUIDv7. Each id may occur once.'
      })
    ),
    if_version: Type.Optional(
      Type.Integer({
        format: 'int32',
        minimum: 1,
        maximum: 2_147_483_647,
        description: 'Reject this operation when the task has another version.'
      })
    ),
    data: Type.Optional(ref(TaskBatchData))
  },
  {
    description: 'One operation of a batch.',
    examples: [{ op: 'create', data: { title: 'Paint the door' } }]
  }
)
export type TaskBatchOperation = Static<typeof TaskBatchOperation>

export const TaskBatch = requestBody(
  'TaskBatch',
  {
    atomic: Type.Optional(
      Type.Boolean({
        default: true,
        description: 'True: all operations or none. False: each operation by itself.'
      })
    ),
    operations: Type.Array(ref(TaskBatchOperation), {
      minItems: 1,
      maxItems: MAX_OPERATIONS,
      description: 'Up to 100 operations, each on another task.'
    })
  },
  {
    description: 'Several changes in one request.',
    examples: [{ operations: [{ op: 'create', data: { title: 'Paint the door' } }] }]
  }
)
export type TaskBatch = Static<typeof TaskBatch>

/** Of a deletion. Redocly takes two equal ids in one example, as an item with its task has, for a fault. */
const EXAMPLE = { status: 204, id: (Task.examples[0] as Task).id, version: 2 }

const TaskBatchItem = responseBody(
  'TaskBatchItem',
  {
    status: Type.Integer({
      format: 'int32',
      minimum: 200,
      maximum: 599,
      description: 'The status that the operation would have had as a request of its own.'
    }),
    id: NullableId('The id of its task; null where a rejected operation named none.'),
    version: Type.Unsafe<number | null>({
      type: ['integer', 'null'],
      format: 'int32',
      minimum: 1,
      maximum: 2_147_483_647,
      description: 'The version of the task afterwards; null where the operation was rejected.'
    }),
    task: Type.Optional(ref(Task)),
    problem: Type.Optional(ref(ProblemBody))
  },
  {
    description: 'The result of one operation: its task (none after a deletion) or its problem.',
    examples: [EXAMPLE]
  }
)
export type TaskBatchItem = Static<typeof TaskBatchItem>

export const TaskBatchOutcome = responseBody(
  'TaskBatchOutcome',
  {
    results: Type.Array(ref(TaskBatchItem), {
      maxItems: MAX_OPERATIONS,
      description: 'The result of each operation, in their order.'
    }),
    is_summary: Type.Boolean({
      description: md`
        True in the replay of a response above 64 KiB, which is not stored: results have no \`task\` then, only its id
        and version.`
    })
  },
  {
    description: 'The results of a batch.',
    examples: [{ results: [EXAMPLE], is_summary: false }]
  }
)
export type TaskBatchOutcome = Static<typeof TaskBatchOutcome>

export const schemas: TSchema[] = [
  TaskBatchOp,
  TaskBatchData,
  TaskBatchOperation,
  TaskBatch,
  TaskBatchItem,
  TaskBatchOutcome
]

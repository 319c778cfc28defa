import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { NullableId, ref, requestBody } from '../../http/schemas.ts'
import { md } from '../../lib/md.ts'
import { ProjectIdInput, TaskStatus } from './fields.schema.ts'

export const TaskMove = requestBody(
  'TaskMove',
  {
    project_id: Type.Optional(ProjectIdInput),
    status: Type.Optional(ref(TaskStatus)),
    after_id: Type.Optional(
      NullableId('The task behind which it goes; null for the beginning of the list.')
    ),
    before_id: Type.Optional(
      NullableId('The task before which it goes; null for the end of the list.')
    )
  },
  {
    description: md`
      Where a task goes: exactly one of \`after_id\` and \`before_id\`, which names a task of the same list or is
      null.`,
    examples: [{ status: 'in_progress', before_id: null }]
  }
)
export type TaskMove = Static<typeof TaskMove>

export const schemas: TSchema[] = [TaskMove]

import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { params, ref, responseBody } from '../../http/schemas.ts'
import { TaskFilterQuery } from './list.schema.ts'

/** A year and a day, so that a year can be compared with the day before it. */
const MAX_DAYS = 366
export const DEFAULT_DAYS = 30

const Count = (description: string) =>
  Type.Integer({ format: 'int32', minimum: 0, maximum: 2_147_483_647, description })

const TaskStatsDay = responseBody(
  'TaskStatsDay',
  {
    day: Type.String({ format: 'date', maxLength: 10, description: 'The day, in `time_zone`.' }),
    created: Count('Tasks that were created on this day.'),
    completed: Count('Tasks that were finished on this day and are still done.')
  },
  {
    description: 'What became of tasks on one day.',
    examples: [{ day: '2026-01-02', created: 3, completed: 2 }]
  }
)

export const TaskStatsHistory = responseBody(
  'TaskStatsHistory',
  {
    days: Type.Array(ref(TaskStatsDay), {
      minItems: 1,
      maxItems: MAX_DAYS,
      description: 'The last days, today included, oldest first.'
    })
  },
  {
    description: 'Counts of the tasks that match, by day.',
    examples: [{ days: TaskStatsDay.examples }]
  }
)
export type TaskStatsHistory = Static<typeof TaskStatsHistory>

export const TaskStatsHistoryQuery = params({
  days: Type.Optional(
    Type.Integer({
      format: 'int32',
      minimum: 1,
      maximum: MAX_DAYS,
      default: DEFAULT_DAYS,
      description: 'How many days, today included.'
    })
  ),
  ...TaskFilterQuery.properties
})
export type TaskStatsHistoryQuery = Static<typeof TaskStatsHistoryQuery>

export const schemas: TSchema[] = [TaskStatsDay, TaskStatsHistory]

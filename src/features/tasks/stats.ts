import type { RequestContext } from '../../core/context.ts'
import type { Db } from '../../db/client.ts'
import { tasks } from '../../db/tables/tasks.ts'
import { readTimeZone } from '../../http/time-zone.ts'
import { countTasksApart, sumOf } from './count.queries.ts'
import { conditionsOf } from './filter.sql.ts'
import type { TaskFilterQuery, TaskStats } from './list.schema.ts'
import { overdue } from './time-filter.sql.ts'
import { visibleTasks } from './visible.ts'

/** Counts what a list with the same filters would show, in one pass. */
export async function countTasksBy(
  db: Db,
  { caller }: RequestContext,
  filter: TaskFilterQuery
): Promise<TaskStats> {
  const { branches, values } = await visibleTasks(db, caller, filter)
  const late = overdue(readTimeZone(filter.time_zone))
  const groups = await countTasksApart(
    db,
    { branches, conditions: conditionsOf(filter), values: { ...values, ...late.values } },
    { status: tasks.status, priority: tasks.priority, is_overdue: late.where() }
  )
  const countOf = (name: keyof (typeof groups)[number], value: unknown): number =>
    sumOf(groups.filter((group) => group[name] === value))
  return {
    total: sumOf(groups),
    by_status: {
      todo: countOf('status', 'todo'),
      in_progress: countOf('status', 'in_progress'),
      done: countOf('status', 'done')
    },
    by_priority: {
      low: countOf('priority', 'low'),
      medium: countOf('priority', 'medium'),
      high: countOf('priority', 'high')
    },
    overdue: countOf('is_overdue', true)
  }
}

import { sql } from 'drizzle-orm'
import type { RequestContext } from '../../core/context.ts'
import type { Db } from '../../db/client.ts'
import { tasks } from '../../db/tables/tasks.ts'
import { readTimeZone } from '../../http/time-zone.ts'
import { countEach, countOf } from './count.queries.ts'
import { conditionsOf } from './filter.sql.ts'
import type { TaskFilterQuery, TaskStats } from './list.schema.ts'
import { overdue } from './time-filter.sql.ts'
import { visibleTasks } from './visible.ts'

const counts = {
  total: countOf(),
  todo: countOf(sql`${tasks.status} = 'todo'`),
  in_progress: countOf(sql`${tasks.status} = 'in_progress'`),
  done: countOf(sql`${tasks.status} = 'done'`),
  low: countOf(sql`${tasks.priority} = 'low'`),
  medium: countOf(sql`${tasks.priority} = 'medium'`),
  high: countOf(sql`${tasks.priority} = 'high'`)
}

/** Counts what a list with the same filters would show, in one pass. */
export async function countTasksBy(
  db: Db,
  { caller }: RequestContext,
  filter: TaskFilterQuery
): Promise<TaskStats> {
  const { branches, values } = await visibleTasks(db, caller, filter)
  const late = overdue(readTimeZone(filter.time_zone))
  const parts = await countEach(
    db,
    { branches, conditions: conditionsOf(filter), values: { ...values, ...late.values } },
    { ...counts, overdue: countOf(late.where()) }
  )
  const sumOf = (name: keyof (typeof parts)[number]): number =>
    parts.reduce((sum, part) => sum + part[name], 0)
  return {
    total: sumOf('total'),
    by_status: {
      todo: sumOf('todo'),
      in_progress: sumOf('in_progress'),
      done: sumOf('done')
    },
    by_priority: { low: sumOf('low'), medium: sumOf('medium'), high: sumOf('high') },
    overdue: sumOf('overdue')
  }
}

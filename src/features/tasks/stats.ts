import { type SQL, sql } from 'drizzle-orm'
import type { RequestContext } from '../../core/context.ts'
import type { Db } from '../../db/client.ts'
import { prepared } from '../../db/prepared-statements.ts'
import { tasks } from '../../db/tables/tasks.ts'
import { readTimeZone } from '../../http/time-zone.ts'
import { conditionsOf } from './filter.sql.ts'
import { whereClause } from './list.queries.ts'
import type { TaskFilterQuery, TaskStats } from './list.schema.ts'
import { overdue } from './time-filter.sql.ts'
import { visibleTasks } from './visible.ts'

const count = (condition?: SQL) =>
  condition ? sql<number>`(count(*) FILTER (WHERE ${condition}))::int` : sql<number>`count(*)::int`
const counts = {
  total: count(),
  todo: count(sql`${tasks.status} = 'todo'`),
  in_progress: count(sql`${tasks.status} = 'in_progress'`),
  done: count(sql`${tasks.status} = 'done'`),
  low: count(sql`${tasks.priority} = 'low'`),
  medium: count(sql`${tasks.priority} = 'medium'`),
  high: count(sql`${tasks.priority} = 'high'`)
}

/** Counts what a list with the same filters would show, in one pass. */
export async function countTasksBy(
  db: Db,
  { caller }: RequestContext,
  filter: TaskFilterQuery
): Promise<TaskStats> {
  const conditions = conditionsOf(filter)
  const visible = await visibleTasks(db, caller, filter)
  const late = overdue(readTimeZone(filter.time_zone))
  const values: Record<string, unknown> = Object.assign(
    { ...visible.values, ...late.values },
    ...conditions.map((condition) => condition.values)
  )
  const query = db
    .select({ ...counts, overdue: count(late.where()) })
    .from(tasks)
    .where(whereClause(visible.branches, conditions))
  // Without a name: the plan depends on how many rows match.
  const [row] = await prepared(query, undefined).execute(values)
  const { total, todo, in_progress, done, low, medium, high, ...rest } = row as {
    [name in keyof typeof counts | 'overdue']: number
  }
  return {
    total,
    by_status: { todo, in_progress, done },
    by_priority: { low, medium, high },
    overdue: rest.overdue
  }
}

import { type SQL, sql } from 'drizzle-orm'
import type { Caller } from '../../core/context.ts'
import type { Db } from '../../db/client.ts'
import { prepared } from '../../db/prepared-statements.ts'
import { tasks } from '../../db/tables/tasks.ts'
import { visibleBranches } from './access.ts'
import { conditionsOf } from './filter.ts'
import { whereClause } from './list.queries.ts'
import type { TaskFilterQuery, TaskStats } from './list.schema.ts'

const count = (which?: SQL) =>
  which ? sql<number>`count(*) filter (where ${which})::int` : sql<number>`count(*)::int`
const counts = {
  total: count(),
  todo: count(sql`${tasks.status} = 'todo'`),
  in_progress: count(sql`${tasks.status} = 'in_progress'`),
  done: count(sql`${tasks.status} = 'done'`),
  low: count(sql`${tasks.priority} = 'low'`),
  medium: count(sql`${tasks.priority} = 'medium'`),
  high: count(sql`${tasks.priority} = 'high'`),
  overdue: count(sql`${tasks.due_date} < now() and ${tasks.status} <> 'done'`)
}

/** Counts what a list with the same filters would show, in one pass. */
export async function countTasksBy(
  db: Db,
  caller: Caller,
  filter: TaskFilterQuery
): Promise<TaskStats> {
  const conditions = conditionsOf(filter)
  const values: Record<string, unknown> = Object.assign(
    { caller_id: caller.id, owner_id: filter.owner_id },
    ...conditions.map((c) => c.values)
  )
  const where = whereClause(visibleBranches(caller, filter), conditions)
  // Without a name: how many rows match is all that matters to the plan.
  const [row] = await prepared(db.select(counts).from(tasks).where(where), undefined).execute(
    values
  )
  const { total, todo, in_progress, done, low, medium, high, overdue } = row as {
    [name in keyof typeof counts]: number
  }
  return {
    total,
    by_status: { todo, in_progress, done },
    by_priority: { low, medium, high },
    overdue
  }
}

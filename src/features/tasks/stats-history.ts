import { type SQL, sql } from 'drizzle-orm'
import type { AnyPgColumn } from 'drizzle-orm/pg-core'
import type { RequestContext } from '../../core/context.ts'
import type { Db } from '../../db/client.ts'
import { prepared } from '../../db/prepared-statements.ts'
import { tasks } from '../../db/tables/tasks.ts'
import { readTimeZone } from '../../http/time-zone.ts'
import { borderOf } from '../../lib/time-border.ts'
import { type TimeZone, UTC } from '../../lib/time-zone.ts'
import { conditionsOf } from './filter.sql.ts'
import { whereClause } from './list.queries.ts'
import {
  DEFAULT_DAYS,
  type TaskStatsHistory,
  type TaskStatsHistoryQuery
} from './stats-history.schema.ts'
import { type VisibleTasks, visibleTasks } from './visible.ts'

const DAY_MS = 86_400_000

/** Counts by day, in a zone, what a list with the same filters would show: what was created, and what was finished. */
export async function countTasksByDay(
  db: Db,
  { caller }: RequestContext,
  { days: count = DEFAULT_DAYS, ...filter }: TaskStatsHistoryQuery
): Promise<TaskStatsHistory> {
  const zone = readTimeZone(filter.time_zone) ?? UTC
  const days = lastDays(count, zone, Date.now())
  const borders = days.map((day) => borderOf('created_after', day, zone).moment)
  const visible = await visibleTasks(db, caller, filter)
  const conditions = conditionsOf(filter)
  const read = (column: AnyPgColumn) =>
    readCounts(db, { visible, conditions, column, borders: `{${borders.join()}}` })
  const created = await read(tasks.created_at)
  const completed = await read(tasks.completed_at)
  return {
    days: days.map((day, i) => ({
      day,
      created: created.get(i + 1) ?? 0,
      completed: completed.get(i + 1) ?? 0
    }))
  }
}

/** Returns the last dates by the clocks of a zone, today included, oldest first. */
function lastDays(count: number, zone: TimeZone, now: number): string[] {
  const today = now + zone.offsetMs(now)
  return Array.from({ length: count }, (_, i) =>
    new Date(today - (count - 1 - i) * DAY_MS).toISOString().slice(0, 10)
  )
}

interface Counted {
  visible: VisibleTasks
  conditions: ReturnType<typeof conditionsOf>
  column: AnyPgColumn
  /** Where the days begin, as an array of the database. */
  borders: string
}

/**
 * Counts tasks by the number of the day in which a column says that something happened to them. Whatever happened since
 * a moment has changed the task since then: the indexes of lists by their last change find these tasks alone.
 */
async function readCounts(
  db: Db,
  { visible, conditions, column, borders }: Counted
): Promise<Map<number, number>> {
  const starts: SQL = sql`${sql.placeholder('day_borders')}::timestamptz[]`
  const day = sql<number>`width_bucket(${column}, ${starts})`
  const query = db
    .select({ day, count: sql<number>`count(*)::int` })
    .from(tasks)
    .where(
      sql`
      ${whereClause(visible.branches, conditions)}
      AND ${tasks.updated_at} >= (${starts})[1]
      AND ${column} >= (${starts})[1]`
    )
    .groupBy(sql`1`)
  const values: Record<string, unknown> = Object.assign(
    { ...visible.values, day_borders: borders },
    ...conditions.map((condition) => condition.values)
  )
  // Without a name: the plan depends on how many rows match.
  const rows = await prepared(query, undefined).execute(values)
  return new Map(rows.map((row) => [row.day, row.count]))
}

import { sql } from 'drizzle-orm'
import type { AnyPgColumn } from 'drizzle-orm/pg-core'
import type { RequestContext } from '../../core/context.ts'
import type { Db } from '../../db/client.ts'
import { tasks } from '../../db/tables/tasks.ts'
import { readTimeZone } from '../../http/time-zone.ts'
import { borderOf } from '../../lib/time-border.ts'
import { type TimeZone, UTC } from '../../lib/time-zone.ts'
import { type Counted, countEach, countOf } from './count.queries.ts'
import { type Condition, conditionsOf } from './filter.sql.ts'
import {
  DEFAULT_DAYS,
  type TaskStatsHistory,
  type TaskStatsHistoryQuery
} from './stats-history.schema.ts'
import { visibleTasks } from './visible.ts'

const DAY_MS = 86_400_000
/** Where the days begin, and the first is counted from. */
const borders = sql`${sql.placeholder('day_borders')}::timestamptz[]`

/** Counts by day, in a zone, what a list with the same filters would show: what was created, and what was finished. */
export async function countTasksByDay(
  db: Db,
  { caller }: RequestContext,
  { days: count = DEFAULT_DAYS, ...filter }: TaskStatsHistoryQuery
): Promise<TaskStatsHistory> {
  const zone = readTimeZone(filter.time_zone) ?? UTC
  const days = lastDays(count, zone, Date.now())
  const starts = days.map((day) => borderOf('created_after', day, zone).moment)
  const { branches, values } = await visibleTasks(db, caller, filter)
  const counted = {
    branches,
    conditions: conditionsOf(filter),
    values: { ...values, day_borders: `{${starts.join()}}` }
  }
  const created = await countByDay(db, counted, tasks.created_at)
  const completed = await countByDay(db, counted, tasks.completed_at)
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

/**
 * Counts tasks by the number of the day in which a column says that something happened to them. Whatever happened since
 * a moment has changed the task since then: the indexes of lists by their last change find these tasks alone.
 */
async function countByDay(
  db: Db,
  { conditions, ...counted }: Counted,
  column: AnyPgColumn
): Promise<Map<number, number>> {
  const since: Condition = {
    name: 'since the first day',
    where: () => sql`${tasks.updated_at} >= (${borders})[1] AND ${column} >= (${borders})[1]`,
    values: {}
  }
  const day = sql<number>`width_bucket(${column}, ${borders})`
  const parts = await countEach(
    db,
    { ...counted, conditions: [...conditions, since] },
    { day, count: countOf() },
    1
  )
  const byDay = new Map<number, number>()
  for (const { day, count } of parts) {
    byDay.set(day, (byDay.get(day) ?? 0) + count)
  }
  return byDay
}

import { type SQL, sql } from 'drizzle-orm'
import type { AnyPgColumn } from 'drizzle-orm/pg-core'
import { tasks } from '../../db/tables/tasks.ts'
import { borderOf } from '../../lib/time-border.ts'
import type { TimeZone } from '../../lib/time-zone.ts'

/** A filter by time as SQL, and the values of its placeholders. */
interface TimeCondition {
  name: string
  where: () => SQL
  values: Record<string, unknown>
}

const value = sql.placeholder

/**
 * Unfinished after its due date; null for a task without one. The day of an all-day task ends by the clocks of a zone,
 * or of UTC; the first comparison is for indexes.
 */
export function overdue(zone?: TimeZone): Omit<TimeCondition, 'name'> {
  const shift = zone?.offsetMs(Date.now()) ?? 0
  if (shift === 0) {
    const where = sql`(${tasks.due_date} < now() AND ${tasks.status} <> 'done')`
    return { where: () => where, values: {} }
  }
  const [ahead, most] = ['clocks_ahead', 'clocks_ahead_most'].map(
    (name) => sql`${value(name)}::interval`
  )
  return {
    where: () => sql`
      (${tasks.due_date} < now() + ${most}
      AND ${tasks.due_date} < CASE WHEN ${tasks.all_day} THEN now() + ${ahead} ELSE now() END
      AND ${tasks.status} <> 'done')`,
    values: {
      clocks_ahead: `${shift} milliseconds`,
      clocks_ahead_most: `${Math.max(shift, 0)} milliseconds`
    }
  }
}

/** Returns the filter of tasks that are overdue, or of the others. */
export function overdueFilter(
  isWanted: boolean | undefined,
  zone?: TimeZone
): TimeCondition | undefined {
  if (isWanted === undefined) {
    return undefined
  }
  const { where, values } = overdue(zone)
  return {
    name: `overdue ${isWanted} ${Object.keys(values).join(' ')}`,
    where: () => (isWanted ? where() : sql`${where()} IS NOT TRUE`),
    values
  }
}

const comparisonOf = (name: string): SQL => sql.raw(name.endsWith('_after') ? '>=' : '<')

/** Returns the filter of a column by a time; a date is a day in a zone. */
export function timeFilter(
  name: string,
  column: AnyPgColumn,
  wanted: string | undefined,
  zone?: TimeZone
): TimeCondition | undefined {
  return wanted === undefined
    ? undefined
    : {
        name,
        where: () => sql`${column} ${comparisonOf(name)} ${value(name)}::timestamptz`,
        values: { [name]: borderOf(name, wanted, zone).moment }
      }
}

/** Compares all-day tasks by what clocks show; where that is not what UTC shows, an index finds both kinds first. */
export function dueFilter(
  name: string,
  wanted: string | undefined,
  zone?: TimeZone
): TimeCondition | undefined {
  const { moment, shown } = wanted === undefined ? {} : borderOf(name, wanted, zone)
  if (moment === undefined || shown === undefined || moment === shown) {
    return timeFilter(name, tasks.due_date, wanted, zone)
  }
  const border = (which: string) => sql`${value(`${name}_${which}`)}::timestamptz`
  const compare = comparisonOf(name)
  const [first = '', last = ''] = [moment, shown].sort()
  return {
    name: `${name} shown`,
    where: () => sql`
      (${tasks.due_date} ${compare} ${border('widest')}
      AND ${tasks.due_date} ${compare}
        CASE WHEN ${tasks.all_day} THEN ${border('shown')} ELSE ${border('moment')} END)`,
    values: {
      [`${name}_widest`]: name.endsWith('_after') ? first : last,
      [`${name}_shown`]: shown,
      [`${name}_moment`]: moment
    }
  }
}

import { taskPriority, taskStatus } from '../../db/tables/tasks.ts'
import { readTimeZone } from '../../http/time-zone.ts'
import { borderOf } from '../../lib/time-border.ts'
import type { TimeZone } from '../../lib/time-zone.ts'
import { searchOf, statesOf } from './filter.sql.ts'
import type { TaskFilterQuery } from './list.schema.ts'

/** What a filter is when it is left out. */
const DEFAULTS: TaskFilterQuery = { scope: 'mine', deleted: 'exclude' }
/** How many different values say nothing, since every task has one of them. */
const ALL: Record<string, number> = {
  status: taskStatus.enumValues.length,
  priority: taskPriority.enumValues.length
}

/**
 * Returns what a filter means, whatever the order and the spelling of its values and whether what changes nothing is
 * given: a cursor is bound to that.
 */
export function canonicalFilter({ time_zone, completed, ...filter }: TaskFilterQuery): unknown[] {
  const zone = readTimeZone(time_zone)
  const status = statesOf({ completed, ...filter })
  return Object.entries({ ...filter, ...(status && { status }) })
    .filter(([name, value]) => DEFAULTS[name as keyof TaskFilterQuery] !== value)
    .map(([name, value]): [string, unknown] => [name, canonicalValue(name, value, zone)])
    .filter(([name, value]) => !isEverything(name, value))
    .sort(([a], [b]) => (a < b ? -1 : 1))
}

function canonicalValue(name: string, value: unknown, zone: TimeZone | undefined): unknown {
  if (Array.isArray(value)) {
    const spelt = (one: string) => (name.endsWith('_id') ? one.toLowerCase() : one.trim())
    return [...new Set(value.map(spelt))].sort()
  }
  if (/_(after|before)$/.test(name)) {
    const { moment, shown } = borderOf(name, value as string, zone)
    return name.startsWith('due_') && shown !== moment ? [moment, shown] : moment
  }
  if (name === 'overdue' && zone && zone.name !== 'UTC') {
    return [value, zone.name]
  }
  if (name === 'q') {
    return searchOf(value as string)
  }
  return name.endsWith('_id') || name === 'created_by' ? (value as string).toLowerCase() : value
}

const isEverything = (name: string, value: unknown): boolean =>
  Array.isArray(value) && value.length === ALL[name]

import { invalidField, type Problem } from '../../core/problem.ts'
import { endOfDay, isDate, isEndOfDay, normalizeTimestamp } from '../../lib/timestamp.ts'

/** A date alone makes a task due on that day; it is stored as the end of the day in UTC, and `all_day`. */
interface DueDate {
  due_date?: string | null
  all_day?: boolean
}

/**
 * Returns the fields with `due_date` as it is stored, and `all_day` where that follows. Throws when a given `all_day`
 * contradicts; `pointer` says where the fields stand in the body.
 */
export function normalizeDueDate<T extends DueDate>(fields: T, pointer: string): T {
  const { due_date, all_day } = fields
  if (due_date === undefined) {
    return fields
  }
  if (due_date !== null && isDate(due_date)) {
    if (all_day === false) {
      throw contradiction(pointer, 'all_day is false, but due_date is a date without a time.')
    }
    return { ...fields, due_date: endOfDay(due_date), all_day: true }
  }
  const normalized = due_date === null ? null : normalizeTimestamp(due_date)
  assertDay(all_day, normalized, pointer)
  return { ...fields, due_date: normalized, ...(normalized === null && { all_day: false }) }
}

/**
 * Returns the normalized change of a task with the `all_day` that follows: with the same due date it stays, with
 * another one it ends. Throws when the task would be due on a day and at a moment.
 */
export function settleAllDay<T extends DueDate>(
  task: { due_date: string | null; all_day: boolean },
  change: T,
  pointer: string
): T {
  const { due_date, all_day } = change
  if (due_date === undefined) {
    assertDay(all_day, task.due_date, pointer)
    return change
  }
  return all_day === undefined
    ? { ...change, all_day: task.all_day && due_date === task.due_date }
    : change
}

/** Throws unless a task with this due date can be due on a day, if it is to be. */
export function assertDay(
  all_day: boolean | undefined,
  due_date: string | null,
  pointer: string
): void {
  if (all_day && (due_date === null || !isEndOfDay(due_date))) {
    const detail =
      'all_day is true, so due_date must be a date such as 2026-12-31, or the end of one in UTC.'
    throw contradiction(pointer, detail)
  }
}

const contradiction = (pointer: string, detail: string): Problem =>
  invalidField('body', `${pointer}/all_day`, 'contradictory', detail)

import { type SQL, sql } from 'drizzle-orm'
import type { AnyPgColumn } from 'drizzle-orm/pg-core'
import { tasks } from '../../db/tables/tasks.ts'
import { normalizeTimestamp } from '../../lib/timestamp.ts'
import type { TaskFilterQuery } from './list.schema.ts'

/**
 * A filter as SQL with placeholders only, made when a statement of its shape is, and the value that fills it. `once` is
 * for where rows are looked at one by one: what is asked for is then worked out before the first.
 */
export interface Condition {
  name: string
  where: () => SQL
  once?: () => SQL
  values: Record<string, unknown>
}

const value = sql.placeholder
const isOverdue = sql`(${tasks.due_date} < now() and ${tasks.status} <> 'done')`
/**
 * Words as PostgreSQL reads them in documents too; never an error, whatever is typed. The last word is a prefix. A
 * text without any word finds nothing.
 */
const words = sql`coalesce(nullif(websearch_to_tsquery('simple'::regconfig, ${value('q')})::text, '') || ':*', '')::tsquery`

/** The filters of a query, in a fixed order. */
export function conditionsOf(query: TaskFilterQuery): Condition[] {
  const { assignee_id, tag, overdue, q } = query
  const found: (Condition | undefined)[] = [
    oneOf('status', tasks.status, 'task_status', statesOf(query)),
    oneOf('priority', tasks.priority, 'task_priority', query.priority),
    tag && {
      name: 'tag',
      where: () => sql`${tasks.tags} && ${value('tag')}::text[]`,
      values: { tag: textArray(tag) }
    },
    assignee_id !== undefined
      ? {
          name: 'assignee_id',
          where: () => sql`${tasks.assignee_id} = ${value('assignee_id')}::uuid`,
          values: { assignee_id }
        }
      : undefined,
    overdue === undefined
      ? undefined
      : {
          name: `overdue ${overdue}`,
          where: () => (overdue ? isOverdue : sql`${isOverdue} is not true`),
          values: {}
        },
    moment('due_after', tasks.due_date, '>=', query.due_after),
    moment('due_before', tasks.due_date, '<', query.due_before),
    moment('created_after', tasks.created_at, '>=', query.created_after),
    moment('created_before', tasks.created_at, '<', query.created_before),
    moment('updated_after', tasks.updated_at, '>=', query.updated_after),
    q !== undefined
      ? {
          name: 'q',
          where: () => sql`${tasks.search} @@ ${words}`,
          once: () => sql`${tasks.search} @@ (select ${words})`,
          values: { q }
        }
      : undefined
  ]
  return found.filter((condition) => condition !== undefined)
}

/** Filters whose selectivity only their value tells: such a statement is planned anew each time. */
export const isPlannedAnew = (conditions: Condition[]): boolean =>
  conditions.some(({ name }) => name === 'q' || name === 'tag')

/** `completed` is a word for some of the states, so that one index serves both. */
function statesOf({ status, completed }: TaskFilterQuery): readonly string[] | undefined {
  if (completed === undefined) {
    return status
  }
  const states = completed ? ['done'] : ['todo', 'in_progress']
  return status === undefined
    ? states
    : states.filter((state) => (status as string[]).includes(state))
}

/** A single value is compared as such: an index on it then also gives the order. */
function oneOf(
  name: string,
  column: AnyPgColumn,
  type: 'task_status' | 'task_priority',
  wanted: readonly string[] | undefined
): Condition | undefined {
  if (wanted === undefined) {
    return undefined
  }
  const cast = sql.raw(type)
  return wanted.length === 1
    ? {
        name: `${name} one`,
        where: () => sql`${column} = ${value(name)}::${cast}`,
        values: { [name]: wanted[0] }
      }
    : {
        name,
        where: () => sql`${column} = any(${value(name)}::${cast}[])`,
        values: { [name]: textArray(wanted) }
      }
}

function moment(
  name: string,
  column: AnyPgColumn,
  comparison: '>=' | '<',
  at: string | undefined
): Condition | undefined {
  return at === undefined
    ? undefined
    : {
        name,
        where: () => sql`${column} ${sql.raw(comparison)} ${value(name)}::timestamptz`,
        values: { [name]: normalizeTimestamp(at) }
      }
}

/** Arrays travel as PostgreSQL's own text of them, which both drivers pass on as it is. */
function textArray(values: readonly string[]): string {
  return `{${values.map((v) => `"${v.trim().replace(/["\\]/g, '\\$&')}"`).join(',')}}`
}

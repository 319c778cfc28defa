import { type SQL, sql } from 'drizzle-orm'
import type { AnyPgColumn } from 'drizzle-orm/pg-core'
import { invalidField } from '../../core/problem.ts'
import { tasks } from '../../db/tables/tasks.ts'
import { readTimeZone } from '../../http/time-zone.ts'
import { MAX_WORDS, TooManyWordsError, toTsquery } from '../../lib/search-query.ts'
import { NOBODY, type TaskFilterQuery } from './list.schema.ts'
import { dueFilter, overdueFilter, timeFilter } from './time-filter.sql.ts'

/**
 * A filter as SQL that holds only placeholders, built when its statement is prepared, and the values that fill them.
 * `once` is for statements that look at rows one by one: its right-hand side is computed before the first row.
 */
export interface Condition {
  name: string
  where: () => SQL
  once?: () => SQL
  values: Record<string, unknown>
}

const value = sql.placeholder

/** Returns the filters of a query, in a fixed order. */
export function conditionsOf(query: TaskFilterQuery): Condition[] {
  const zone = readTimeZone(query.time_zone)
  return [
    oneOf('status', tasks.status, statesOf(query)),
    oneOf('priority', tasks.priority, query.priority),
    tagFilter(query.tag),
    assigneeFilter(query.assignee_id),
    creatorFilter(query.created_by),
    personalFilter(query.personal),
    parentFilter(query.parent_id),
    topLevelFilter(query.top_level),
    overdueFilter(query.overdue, zone),
    dueFilter('due_after', query.due_after, zone),
    dueFilter('due_before', query.due_before, zone),
    timeFilter('created_after', tasks.created_at, query.created_after, zone),
    timeFilter('created_before', tasks.created_at, query.created_before, zone),
    timeFilter('updated_after', tasks.updated_at, query.updated_after, zone),
    timeFilter('updated_before', tasks.updated_at, query.updated_before, zone),
    wordFilter(query.q)
  ].filter((condition) => condition !== undefined)
}

/** True for filters whose selectivity depends on their value: such a statement is planned anew for each execution. */
export const needsCustomPlan = (conditions: Condition[]): boolean =>
  conditions.some(({ name }) => name === 'q' || name === 'tag')

/** Returns the states that a query means: `completed` is some of them, so that one index serves both. */
export function statesOf({
  status,
  completed
}: Pick<TaskFilterQuery, 'status' | 'completed'>): readonly string[] | undefined {
  if (completed === undefined) {
    return status
  }
  const states = completed ? ['done'] : ['todo', 'in_progress']
  return status === undefined
    ? states
    : states.filter((state) => (status as string[]).includes(state))
}

/** Compares a single value with `=`: an index on the column then also gives the order. */
function oneOf(
  name: string,
  column: AnyPgColumn,
  wanted: readonly string[] | undefined
): Condition | undefined {
  if (wanted === undefined) {
    return undefined
  }
  const type = sql.raw(column.getSQLType())
  return wanted.length === 1
    ? {
        name: `${name} one`,
        where: () => sql`${column} = ${value(name)}::${type}`,
        values: { [name]: wanted[0] }
      }
    : {
        name,
        where: () => sql`${column} = ANY(${value(name)}::${type}[])`,
        values: { [name]: textArray(wanted) }
      }
}

const tagFilter = (tag: string[] | undefined): Condition | undefined =>
  tag && {
    name: 'tag',
    where: () => sql`${tasks.tags} && ${value('tag')}::text[]`,
    values: { tag: textArray(tag) }
  }

function assigneeFilter(assignee_id: string | undefined): Condition | undefined {
  if (assignee_id === undefined) {
    return undefined
  }
  return assignee_id === NOBODY
    ? { name: 'unassigned', where: () => sql`${tasks.assignee_id} IS NULL`, values: {} }
    : {
        name: 'assignee_id',
        where: () => sql`${tasks.assignee_id} = ${value('assignee_id')}::uuid`,
        values: { assignee_id }
      }
}

/** Tasks whose owner made them do not name who did. */
const creatorFilter = (created_by: string | undefined): Condition | undefined =>
  created_by === undefined
    ? undefined
    : {
        name: 'created_by',
        where: () =>
          sql`coalesce(${tasks.created_by}, ${tasks.owner_id}) = ${value('created_by')}::uuid`,
        values: { created_by }
      }

const personalFilter = (personal: boolean | undefined): Condition | undefined =>
  personal === undefined
    ? undefined
    : {
        name: personal ? 'personal' : 'shared',
        where: () => sql`${tasks.project_id} IS ${sql.raw(personal ? '' : 'NOT')} NULL`,
        values: {}
      }

const parentFilter = (parent_id: string | undefined): Condition | undefined =>
  parent_id === undefined
    ? undefined
    : {
        name: 'parent_id',
        where: () => sql`${tasks.parent_id} = ${value('parent_id')}::uuid`,
        values: { parent_id }
      }

const topLevelFilter = (top_level: boolean | undefined): Condition | undefined =>
  top_level === undefined
    ? undefined
    : {
        name: top_level ? 'top level' : 'subtasks',
        where: () => sql`${tasks.parent_id} IS ${sql.raw(top_level ? '' : 'NOT')} NULL`,
        values: {}
      }

/** Cast without PostgreSQL's own parser, which would read the words once more. */
const words = sql`${value('q')}::text::tsquery`

const wordFilter = (q: string | undefined): Condition | undefined =>
  q === undefined
    ? undefined
    : {
        name: 'q',
        where: () => sql`${tasks.search} @@ ${words}`,
        once: () => sql`${tasks.search} @@ (SELECT ${words})`,
        values: { q: searchOf(q) }
      }

/** Returns the search that a text means; throws for one with too many words. */
export function searchOf(q: string): string {
  try {
    return toTsquery(q)
  } catch (error) {
    if (error instanceof TooManyWordsError) {
      const detail = `q may have up to ${MAX_WORDS} words.`
      throw invalidField('query', '/q', 'too_many_words', detail)
    }
    throw error
  }
}

/** Writes an array as PostgreSQL's own text of it, which both drivers pass on unchanged. */
function textArray(values: readonly string[]): string {
  return `{${values.map((v) => `"${v.trim().replace(/["\\]/g, '\\$&')}"`).join(',')}}`
}

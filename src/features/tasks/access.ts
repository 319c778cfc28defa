import { and, eq, isNotNull, isNull, ne, type SQL, sql } from 'drizzle-orm'
import { atLeast, type Caller } from '../../core/context.ts'
import { Problem } from '../../core/problem.ts'
import { tasks } from '../../db/tables/tasks.ts'
import type { TaskFilterQuery } from './list.schema.ts'

const caller = sql.placeholder('caller_id')
const live = isNull(tasks.deleted_at)
const trashed = isNotNull(tasks.deleted_at)

const own = eq(tasks.owner_id, caller)
/** An assignee sees a task while it is theirs and not in its owner's trash. */
const assigned = and(eq(tasks.assignee_id, caller), ne(tasks.owner_id, caller), live) as SQL
const everybodys = sql`true`
const ofOwner = eq(tasks.owner_id, sql.placeholder('owner_id'))

export const isManager = (of: Caller): boolean => atLeast(of.role, 'manager')

/** One kind of access to one task on the far side of a miss among one's own: assigned to the caller, or a manager's. */
export const othersTask = and(
  eq(tasks.id, sql.placeholder('id')),
  sql`(${tasks.assignee_id} = ${caller} or ${sql.placeholder('is_manager')}::boolean)`
)

/** A share of the tasks that a list may show; together the branches are all of them, each once, each served by one index. */
export interface Branch {
  name: string
  where: SQL
}

const inBothStates = (name: string, where: SQL) => ({
  live: { name: `${name} live`, where: and(where, live) as SQL },
  trashed: { name: `${name} trashed`, where: and(where, trashed) as SQL }
})
const branches = {
  own: inBothStates('own', own),
  owner: inBothStates('owner', ofOwner),
  all: inBothStates('all', everybodys),
  assigned: { name: 'assigned', where: assigned }
}

/** Decides whose tasks a list, a count or an export may see. The only place that does. */
export function visibleBranches(
  of: Caller,
  { scope, owner_id, deleted = 'exclude' }: Pick<TaskFilterQuery, 'scope' | 'owner_id' | 'deleted'>
): Branch[] {
  const isOthers = scope === 'all' || (owner_id !== undefined && owner_id.toLowerCase() !== of.id)
  if (isOthers && !isManager(of)) {
    throw new Problem('not_allowed', { detail: "Other people's tasks are for managers." })
  }
  const whose =
    owner_id !== undefined ? branches.owner : scope === 'all' ? branches.all : branches.own
  const states =
    deleted === 'only'
      ? [whose.trashed]
      : deleted === 'include'
        ? [whose.live, whose.trashed]
        : [whose.live]
  const withAssigned = owner_id === undefined && scope !== 'all' && deleted !== 'only'
  return withAssigned ? [...states, branches.assigned] : states
}

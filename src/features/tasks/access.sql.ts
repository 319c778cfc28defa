import { and, eq, isNotNull, isNull, ne, type Placeholder, type SQL, sql } from 'drizzle-orm'
import { atLeast, type Caller } from '../../core/context.ts'
import { Problem } from '../../core/problem.ts'
import { tasks } from '../../db/tables/tasks.ts'
import { isOfUser } from '../../db/tables/users.ts'
import type { TaskFilterQuery } from './list.schema.ts'

const callerId = sql.placeholder('caller_id')
const ownerId = sql.placeholder('owner_id')
const anyTask = sql`true`

export const isLive = isNull(tasks.deleted_at)
const isTrashed = isNotNull(tasks.deleted_at)

export const isManager = (caller: Caller): boolean => atLeast(caller.role, 'manager')

const isOwned = isOfUser(tasks.owner_id)

/** A task of the caller's own. */
const ownTask = (id: string | Placeholder) => eq(tasks.owner_id, id)

/** An assignee sees a task while it is assigned to them and not in its owner's trash. */
const assignedTask = (id: string | Placeholder) => and(eq(tasks.assignee_id, id), isLive)

/** Whether the caller may see a task that is not their own: managers see every one. */
export const othersTask = (id: string | Placeholder, manager: boolean | Placeholder): SQL =>
  sql`(${manager}::boolean OR (${assignedTask(id)})) AND ${isOwned}`

/** A share of the tasks that a list may show: one index serves it, and no task is in two branches. */
export interface Branch {
  name: string
  where: SQL
}

const inBothStates = (name: string, where: SQL, more?: SQL) => ({
  live: { name: `${name} live`, where: and(where, isLive, more) as SQL },
  trashed: { name: `${name} trashed`, where: and(where, isTrashed, more) as SQL }
})
const branches = {
  own: inBothStates('own', ownTask(callerId)),
  owner: inBothStates('owner', ownTask(ownerId), isOfUser(sql`${ownerId}::uuid`)),
  all: inBothStates('all', anyTask, isOwned),
  assigned: {
    name: 'assigned',
    where: and(assignedTask(callerId), ne(tasks.owner_id, callerId), isOwned) as SQL
  }
}

type AccessQuery = Pick<TaskFilterQuery, 'scope' | 'owner_id' | 'deleted'>

/** Decides whose tasks a list, a count or an export may see. */
export function visibleBranches(caller: Caller, query: AccessQuery): Branch[] {
  const { scope, owner_id, deleted = 'exclude' } = query
  const needsManager =
    scope === 'all' || (owner_id !== undefined && owner_id.toLowerCase() !== caller.id)
  if (needsManager && !isManager(caller)) {
    throw new Problem('not_allowed', { detail: "Only managers may see other people's tasks." })
  }
  const { live, trashed } = ownersOf(query)
  const includesAssigned = owner_id === undefined && scope !== 'all'
  switch (deleted) {
    case 'only':
      return [trashed]
    case 'include':
      return includesAssigned ? [live, trashed, branches.assigned] : [live, trashed]
    default:
      return includesAssigned ? [live, branches.assigned] : [live]
  }
}

function ownersOf({ scope, owner_id }: AccessQuery) {
  if (owner_id !== undefined) {
    return branches.owner
  }
  return scope === 'all' ? branches.all : branches.own
}

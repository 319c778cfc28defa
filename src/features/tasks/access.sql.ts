import { and, eq, isNotNull, isNull, ne, type Placeholder, type SQL, sql } from 'drizzle-orm'
import { atLeast, type Caller } from '../../core/context.ts'
import { projectMembers, projects } from '../../db/tables/projects.ts'
import { tasks } from '../../db/tables/tasks.ts'
import { isOfUser } from '../../db/tables/users.ts'
import type { MemberRole } from '../project-access/schema.ts'

type Value = string | Placeholder

export const isLive = isNull(tasks.deleted_at)
const isTrashed = isNotNull(tasks.deleted_at)

export const isManager = (caller: Caller): boolean => atLeast(caller.role, 'manager')

const isOwned = isOfUser(tasks.owner_id)

/** The tasks of one list, which is named by its project or its owner. */
const isInList = (listId: SQL | Placeholder, ownerId: SQL | Placeholder) =>
  and(eq(tasks.list_id, sql`${listId}::uuid`), eq(tasks.owner_id, sql`${ownerId}::uuid`)) as SQL

/**
 * The caller's role as a member of a task's project; null for a personal task. Memberships are read once for the
 * statement, and not for each task: they may be stored on another server than the tasks.
 */
export const memberRole = (userId: Value) =>
  sql<MemberRole | null>`(
    SELECT jsonb_object_agg(m.project_id, m.role) FROM ${projectMembers} m WHERE m.user_id = ${userId}
  ) ->> ${tasks.project_id}::text`.as('member_role')

/** A task of a project that the user is a member of. */
const sharedTask = (userId: Value) => sql`
  (${tasks.owner_id}, ${tasks.project_id}) IN (
    SELECT m.owner_id, m.project_id
    FROM ${projectMembers} m
    JOIN ${projects} p ON p.owner_id = m.owner_id AND p.id = m.project_id
    WHERE m.user_id = ${userId} AND p.deleted_at IS NULL
  )`

/** A personal task of somebody else that is assigned to the user, who sees it while it is not in its owner's trash. */
const assignedTask = (userId: Value) =>
  and(eq(tasks.assignee_id, userId), isNull(tasks.project_id), isLive) as SQL

/** Whether the caller may see a task that is not their own: managers see every one. */
export const othersTask = (id: Value, manager: boolean | Placeholder): SQL =>
  sql`(${manager}::boolean OR (${assignedTask(id)}) OR ${sharedTask(id)}) AND ${isOwned}`

/** A task that can be changed: a personal one, or one of a project that is neither archived nor deleted. */
export const isOpen = sql`(
  ${tasks.project_id} IS NULL OR EXISTS (
    SELECT FROM ${projects} p
    WHERE p.owner_id = ${tasks.owner_id} AND p.id = ${tasks.project_id}
      AND NOT p.archived AND p.deleted_at IS NULL
  )
)`

/** A share of the tasks that a list may show: one index serves it, and no task is in two branches. */
export interface Branch {
  name: string
  /** Its tasks, whatever their order. */
  where: SQL
  /** Where a branch has many lists: the tasks of one of them, `l`, which are read list by list. */
  ofOneList?: SQL
  /** The rows of `l`. */
  lists?: SQL
}

const callerId = sql.placeholder('caller_id')
const lists = sql`${sql.placeholder('lists')}::uuid[]`
const owners = sql`${sql.placeholder('owners')}::uuid[]`

/** The lists of a branch that has many, as rows of `l`. */
const LISTS = sql`unnest(${lists}, ${owners}) AS l(list_id, owner_id)`

const inBothStates = (name: string, where: SQL, ofOneList?: SQL, lists: SQL = LISTS) => {
  const inState = (state: SQL, stateName: string): Branch => ({
    name: `${name} ${stateName}`,
    where: and(where, state) as SQL,
    ...(ofOneList && { ofOneList: and(ofOneList, state) as SQL, lists })
  })
  return { live: inState(isLive, 'live'), trashed: inState(isTrashed, 'trashed') }
}

const isInLists = and(
  sql`${tasks.list_id} = ANY(${lists})`,
  sql`${tasks.owner_id} = ANY(${owners})`
) as SQL
const isOfOwner = (number: number): SQL =>
  and(
    sql`${tasks.owner_id} = ${sql.placeholder(`owner_${number}`)}::uuid`,
    sql`${tasks.list_id} = ANY(${sql.placeholder(`lists_${number}`)}::uuid[])`
  ) as SQL

export const branches = {
  /** The tasks of one list, such as the caller's personal one. */
  list: inBothStates('list', isInList(sql.placeholder('list_id'), sql.placeholder('owner_id'))),
  /** The tasks of any number of lists. */
  lists: inBothStates('lists', isInLists, isInList(sql`l.list_id`, sql`l.owner_id`)),
  /** The tasks of some lists of the owner that has this number: a search reads the index of words by owner. */
  ownersLists: (number: number) => inBothStates(`owner ${number}`, isOfOwner(number)),
  /** The same, list by list: one server has all of them. */
  ownersListsApart: (number: number) =>
    inBothStates(
      `owner ${number} apart`,
      isOfOwner(number),
      isInList(sql`l.list_id`, sql.placeholder(`owner_${number}`)),
      sql`unnest(${sql.placeholder(`lists_${number}`)}::uuid[]) AS l(list_id)`
    ),
  /** The tasks of any number of lists of any number of owners, all at once. */
  listsAtOnce: inBothStates('lists at once', isInLists),
  all: inBothStates('all', isOwned),
  /** The same where tasks are distributed: of those who have assigned any. */
  assignedBy: {
    name: 'assigned by',
    where: and(
      assignedTask(callerId),
      ne(tasks.owner_id, callerId),
      sql`${tasks.owner_id} = ANY(${sql.placeholder('assigners')}::uuid[])`,
      isOwned
    ) as SQL
  },
  assigned: {
    name: 'assigned',
    where: and(assignedTask(callerId), ne(tasks.owner_id, callerId), isOwned) as SQL
  }
}

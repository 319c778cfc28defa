import type { Caller } from '../../core/context.ts'
import { Problem } from '../../core/problem.ts'
import { isDistributed } from '../../db/citus/distribution.ts'
import type { Db } from '../../db/client.ts'
import type { TaskList } from '../project-access/schema.ts'
import { reachOf, readListsOf, readProjectStates, roleIn } from '../project-access/service.ts'
import { type Branch, branches, isManager } from './access.sql.ts'
import type { TaskFilterQuery } from './list.schema.ts'
import { listAssigners } from './others.queries.ts'

type AccessQuery = Pick<
  TaskFilterQuery,
  'scope' | 'owner_id' | 'deleted' | 'project_id' | 'personal'
>

interface AccessOptions {
  isSearch?: boolean
  /** Only the tasks of one list: those of others that the caller is assigned to are in no list of theirs. */
  isOneList?: boolean
}

/** Owners whose lists are searched one by one. */
const MAX_OWNERS = 16

/** Whose tasks a list, a count or an export may see, and the values of the placeholders that say so. */
export interface VisibleTasks {
  branches: Branch[]
  values: Record<string, unknown>
  /** How many lists the branches have. */
  lists: number
}

/**
 * Decides which tasks the caller sees: those of their lists, and personal ones of others that they are assigned to. A
 * search has a branch for each owner, since its plan depends on how often the owner uses the word.
 */
export async function visibleTasks(
  db: Db,
  caller: Caller,
  query: AccessQuery,
  { isSearch = false, isOneList = false }: AccessOptions = {}
): Promise<VisibleTasks> {
  const { scope, deleted = 'exclude', project_id } = query
  const owner_id = query.owner_id?.toLowerCase()
  assertManager(caller, query)
  if (scope === 'all' && owner_id === undefined && project_id === undefined) {
    return { branches: inStates(branches.all, deleted), values: {}, lists: 1 }
  }
  const all = await listsOf(db, caller, { owner_id, project_id })
  const lists = query.personal ? all.filter((list) => list.list_id === list.owner_id) : all
  const { found, values } = branchesOf(lists, { isSearch, isApart: await isDistributed(db) })
  const shown = found.flatMap((branch) => inStates(branch, deleted))
  const includesAssigned =
    owner_id === undefined && project_id === undefined && deleted !== 'only' && !isOneList
  const assigned = includesAssigned ? await assignedBranches(db, caller) : NONE
  return {
    branches: [...shown, ...assigned.branches],
    values: { caller_id: caller.id, ...values, ...assigned.values },
    lists: lists.length
  }
}

type Assigned = Pick<VisibleTasks, 'branches' | 'values'>
const NONE: Assigned = { branches: [], values: {} }

/** Returns the branch of tasks that are assigned to the caller; none where tasks are distributed and nobody did. */
async function assignedBranches(db: Db, caller: Caller): Promise<Assigned> {
  if (!(await isDistributed(db))) {
    return { branches: [branches.assigned], values: {} }
  }
  const assigners = await listAssigners(db, caller.id)
  return assigners.length === 0
    ? NONE
    : { branches: [branches.assignedBy], values: { assigners: `{${assigners.join()}}` } }
}

interface HowRead {
  isSearch: boolean
  /** Owners are read apart, since they may be on different servers. */
  isApart: boolean
}

function branchesOf(lists: TaskList[], { isSearch, isApart }: HowRead) {
  const [first, second] = lists
  if (first !== undefined && second === undefined) {
    return { found: [branches.list], values: { ...first } }
  }
  const byOwner = [...Map.groupBy(lists, ({ owner_id }) => owner_id)]
  if (!(isSearch || isApart) || byOwner.length === 0 || byOwner.length > MAX_OWNERS) {
    return {
      found: [isApart ? branches.listsAtOnce : branches.lists],
      values: arraysOf(lists)
    }
  }
  const branchOf = isSearch ? branches.ownersLists : branches.ownersListsApart
  return {
    found: byOwner.map((_, i) => branchOf(i)),
    values: Object.fromEntries(
      byOwner.flatMap(([owner, own], i) => [
        [`owner_${i}`, owner],
        [`lists_${i}`, arraysOf(own).lists]
      ])
    )
  }
}

/** Throws when the caller asks for tasks that only managers may list. */
export function assertManager(caller: Caller, { scope, owner_id }: AccessQuery): void {
  const isOthers = owner_id !== undefined && owner_id.toLowerCase() !== caller.id
  if ((scope === 'all' || isOthers) && !isManager(caller)) {
    throw new Problem('not_allowed', { detail: "Only managers may see other people's tasks." })
  }
}

function inStates(
  { live, trashed }: Record<'live' | 'trashed', Branch>,
  deleted: NonNullable<AccessQuery['deleted']>
): Branch[] {
  if (deleted === 'exclude') {
    return [live]
  }
  return deleted === 'only' ? [trashed] : [live, trashed]
}

async function listsOf(
  db: Db,
  caller: Caller,
  { owner_id, project_id }: Pick<AccessQuery, 'owner_id' | 'project_id'>
): Promise<TaskList[]> {
  if (project_id !== undefined) {
    const lists = await projectLists(db, caller, project_id)
    return owner_id === undefined ? lists : lists.filter((list) => list.owner_id === owner_id)
  }
  if (owner_id !== undefined) {
    return readListsOf(db, owner_id)
  }
  return reachOf(db).listsOf(caller.id)
}

/** Returns the lists of projects that the caller may see; one that they may not is not found. */
async function projectLists(db: Db, caller: Caller, projectIds: string[]): Promise<TaskList[]> {
  const ids = [...new Set(projectIds.map((id) => id.toLowerCase()))]
  const found = [...(await readProjectStates(db, caller, ids)).values()].filter(
    (project) => project.deleted_at === null && roleIn(caller, project) !== undefined
  )
  const missing = ids.find((id) => !found.some((project) => project.id === id))
  if (missing !== undefined) {
    throw new Problem('not_found', { detail: `There is no project ${missing} that you can see.` })
  }
  return found.map(({ id, owner_id }) => ({ list_id: id, owner_id }))
}

const arraysOf = (lists: TaskList[]) => ({
  lists: `{${lists.map(({ list_id }) => list_id).join()}}`,
  owners: `{${lists.map(({ owner_id }) => owner_id).join()}}`
})

import type { Caller } from '../../core/context.ts'
import { Problem } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import { listListsOf, listProjectStates, type TaskList } from '../project-access/queries.ts'
import { reachOf } from '../project-access/reach.ts'
import { roleIn } from '../project-access/rights.ts'
import { type Branch, branches, isManager } from './access.sql.ts'
import type { TaskFilterQuery } from './list.schema.ts'

type AccessQuery = Pick<TaskFilterQuery, 'scope' | 'owner_id' | 'deleted' | 'project_id'>

/** Whose tasks a list, a count or an export may see, and the values of the placeholders that say so. */
export interface VisibleTasks {
  branches: Branch[]
  values: Record<string, unknown>
}

/** Decides which tasks the caller sees: those of their lists, and the personal ones of others that are assigned to them. */
export async function visibleTasks(
  db: Db,
  caller: Caller,
  query: AccessQuery
): Promise<VisibleTasks> {
  const { scope, deleted = 'exclude', project_id } = query
  const owner_id = query.owner_id?.toLowerCase()
  assertManager(caller, query)
  if (scope === 'all' && owner_id === undefined && project_id === undefined) {
    return { branches: inStates(branches.all, deleted), values: {} }
  }
  const lists = await listsOf(db, caller, { owner_id, project_id })
  const [first, second] = lists
  const isOne = first !== undefined && second === undefined
  const found = inStates(isOne ? branches.list : branches.lists, deleted)
  const includesAssigned = owner_id === undefined && project_id === undefined && deleted !== 'only'
  return {
    branches: includesAssigned ? [...found, branches.assigned] : found,
    values: { caller_id: caller.id, ...(isOne ? first : arraysOf(lists)) }
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
    return listListsOf(db, owner_id)
  }
  return reachOf(db).listsOf(caller.id)
}

/** Returns the lists of projects that the caller may see; one that they may not is not found. */
async function projectLists(db: Db, caller: Caller, projectIds: string[]): Promise<TaskList[]> {
  const ids = [...new Set(projectIds.map((id) => id.toLowerCase()))]
  const found = (await listProjectStates(db, caller.id, ids)).filter(
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

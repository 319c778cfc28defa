import type { Problem } from '../../core/problem.ts'
import type { Tx } from '../../db/transaction.ts'
import type { Task } from './schema.ts'
import { listTrees, lockLists, touchRows } from './subtasks.queries.ts'
import type { Place } from './task-projects.ts'
import { faultOfParent, type TaskTree, treeOf, unknownParent } from './task-tree.ts'

/** A record that says which task its own is below of. */
export interface Parented {
  /** The id of that task in the file. */
  parent?: string
  /** The id that it gets when that one belongs to somebody else. */
  own_parent?: string
}

export type ParentTask = Pick<Task, 'owner_id' | 'id' | 'project_id' | 'deleted_at'>
type Member = Pick<Task, 'owner_id' | 'id' | 'project_id'>

/** The ids that the parent of a record may have here. */
export const parentIdsOf = ({ parent, own_parent = parent }: Parented): string[] =>
  parent === undefined || own_parent === undefined ? [] : [parent, own_parent]

/** Locks the lists in which new tasks are put below others; after their projects, and before any task. */
export async function lockListsFor(tx: Tx, places: Place[]): Promise<void> {
  if (places.length > 0) {
    const lists = places.map(({ project_id, owner_id }) => project_id ?? owner_id)
    await lockLists(tx, [...new Set(lists)])
  }
}

/** Where a task goes: below which one, and why not below that which it names. */
export interface FoundParent {
  parent_id: string | null
  problem?: Problem
}

/**
 * Returns where a task goes, with all below it, that names a parent: below it, where the rules of subtasks allow that;
 * below the nearest one above it, where only the depth is too much; else at the top level.
 */
export function findPlaceBelow(
  tree: TaskTree,
  task: Member,
  parent: ParentTask | undefined
): FoundParent {
  if (!parent) {
    return { parent_id: null, problem: unknownParent() }
  }
  const problem = faultOfParent(tree, task, parent)
  return problem
    ? { parent_id: ancestorFor(tree, task, parent, problem), problem }
    : { parent_id: parent.id }
}

function ancestorFor(
  tree: TaskTree,
  task: Member,
  parent: ParentTask,
  problem: Problem
): string | null {
  let [fault] = problem.extras.errors ?? []
  let at: string | undefined = parent.id
  while (fault?.code === 'too_deep' && at !== undefined) {
    at = tree.parentOf(at)?.id
    const above = at === undefined ? undefined : faultOfParent(tree, task, { ...parent, id: at })
    fault = above?.extras.errors?.[0]
  }
  return fault === undefined ? (at ?? null) : null
}

/** A new task of a record, with the id that it gets, in its list. */
export interface NewMember<T> extends Place {
  record: T
  id: string
}

/** Below which tasks new ones go. */
export interface SettledParents<T> {
  /** The ids of the parents. */
  parents: Map<T, string>
  /** Those whose parents are not there yet. */
  later: NewMember<T>[]
  /** Those that are not below the task that they name, and why. */
  misplaced: { record: T; problem: Problem }[]
}

/**
 * Finds the parents of new tasks: among `known` ones, which are locked, and among the new tasks themselves. The lists
 * are locked.
 */
export async function settleParents<T extends Parented>(
  tx: Tx,
  placed: NewMember<T>[],
  known: ReadonlyMap<string, ParentTask>
): Promise<SettledParents<T>> {
  const settled: SettledParents<T> = { parents: new Map(), later: [], misplaced: [] }
  const named = placed.flatMap(({ record }) => parentIdsOf(record))
  if (named.length === 0) {
    return settled
  }
  const existing = named.flatMap((id) => known.get(id) ?? [])
  const tree = treeOf(await listTrees(tx, existing))
  const fresh = new Map(placed.map((member) => [member.id, member]))
  const seen = new Set<NewMember<T>>()
  const settle = (member: NewMember<T>): void => {
    seen.add(member)
    const ids = parentIdsOf(member.record)
    const above = ids.map((id) => fresh.get(id)).find(Boolean)
    if (above && !seen.has(above)) {
      settle(above)
    }
    const candidates = ids.flatMap((id) => known.get(id) ?? [])
    const parent = above ? { ...above, deleted_at: null } : nearest(candidates, member)
    if (ids.length > 0 && !parent) {
      settled.later.push(member)
    } else if (ids.length > 0) {
      const { parent_id, problem } = findPlaceBelow(tree, member, parent)
      problem && settled.misplaced.push({ record: member.record, problem })
      parent_id && settled.parents.set(member.record, parent_id)
    }
    const { id, owner_id } = member
    const parent_id = settled.parents.get(member.record) ?? null
    tree.put({ id, owner_id, parent_id, assignee_id: null, comment_count: 0 })
  }
  for (const member of placed) {
    if (!seen.has(member)) {
      settle(member)
    }
  }
  const used = placed.flatMap(({ record, owner_id }) => {
    const id = settled.parents.get(record)
    return id === undefined || fresh.has(id) ? [] : { id, owner_id }
  })
  await touchParents(tx, used)
  return settled
}

/** Of tasks under several ids, the one in the same list is the parent. */
export const nearest = <P extends ParentTask>(
  candidates: P[],
  { owner_id, project_id }: Place
): P | undefined =>
  candidates.find((task) => task.owner_id === owner_id && task.project_id === project_id) ??
  candidates[0]

/** Writes parents anew, so that none is deleted alone meanwhile. */
export async function touchParents(
  tx: Tx,
  parents: Pick<ParentTask, 'owner_id' | 'id'>[]
): Promise<void> {
  if (parents.length > 0) {
    await touchRows(tx, parents)
  }
}

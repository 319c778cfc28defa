import type { Caller, RequestContext } from '../../core/context.ts'
import { Problem } from '../../core/problem.ts'
import type { Tx } from '../../db/transaction.ts'
import { applyChanges } from './apply-changes.ts'
import { buildUpdate, type TaskChangeSet } from './changes.ts'
import {
  findPlaceBelow,
  nearest,
  type Parented,
  parentIdsOf,
  touchParents
} from './matched-parents.ts'
import { lockTasks, type VisibleTask } from './queries.ts'
import { lockStructure, type Structure } from './subtasks.ts'
import { assertOpen } from './task-projects.ts'

/** A task that is to be put below another one, or at the top level where none is named. */
export interface TaskLink extends Parented {
  /** The id of the task. */
  id: string
}

export interface LinkResult<T> {
  /** Those whose task has another parent now. */
  changed: T[]
  /** Those whose task is not below the one that they name, and why. */
  misplaced: { record: T; problem: Problem }[]
}

/** Puts tasks below others, each as a change of the task; those that are gone or in the trash stay as they are. */
export async function linkTasks<T extends TaskLink>(
  tx: Tx,
  ctx: RequestContext,
  links: T[]
): Promise<LinkResult<T>> {
  const { caller } = ctx
  const ids = links.map(({ id }) => id)
  const parents = links.flatMap(parentIdsOf)
  const structure = await lockStructure(tx, caller, { ids, parents })
  const locked = await lockTasks(tx, caller, [...new Set([...ids, ...parents])])
  const tasks = new Map(locked.map((task) => [task.id, task]))
  const result: LinkResult<T> = { changed: [], misplaced: [] }
  const changeSets: TaskChangeSet[] = []
  // Of several for one task the last one counts.
  for (const link of new Map(links.map((link) => [link.id, link])).values()) {
    const { changeSet, problem } = planLink(structure, caller, tasks, link)
    problem && result.misplaced.push({ record: link, problem })
    if (changeSet) {
      changeSets.push(changeSet)
      result.changed.push(link)
    }
  }
  const above = changeSets.flatMap(({ change: { owner_id, parent_id } }) =>
    parent_id === null ? [] : { owner_id, id: parent_id }
  )
  await touchParents(tx, above)
  await applyChanges(tx, ctx, changeSets)
  return result
}

/** What becomes of a link: a change, and why it is not the one that is asked for. */
interface Plan {
  changeSet?: TaskChangeSet | undefined
  problem?: Problem | undefined
}

function planLink(
  { projects, tree }: Structure,
  caller: Caller,
  tasks: ReadonlyMap<string, VisibleTask>,
  link: TaskLink
): Plan {
  const task = tasks.get(link.id)
  if (!task || task.deleted_at !== null) {
    return {}
  }
  const ids = parentIdsOf(link)
  const candidates = ids.flatMap((id) => tasks.get(id) ?? [])
  const { parent_id, problem } =
    ids.length === 0 ? { parent_id: null } : findPlaceBelow(tree, task, nearest(candidates, task))
  // What is below another task already stays there when it cannot go where the file says.
  if (parent_id === null && problem) {
    return { problem }
  }
  try {
    assertOpen(projects, task)
    const changeSet = buildUpdate(caller, task, { parent_id })
    const { owner_id, id, assignee_id, comment_count } = task
    tree.put({ owner_id, id, parent_id, assignee_id, comment_count })
    return { changeSet, problem }
  } catch (error) {
    if (error instanceof Problem) {
      return { problem: error }
    }
    throw error
  }
}

import type { Actor, Caller, RequestContext } from '../../core/context.ts'
import { Problem } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import type { Tx } from '../../db/transaction.ts'
import type { ProjectsById } from '../project-access/service.ts'
import { countEventsOf, recordVersions, type TaskEvent } from './events.queries.ts'
import { giveEvents, giveTasks } from './give.queries.ts'
import type { Task } from './schema.ts'
import {
  countSubtasks,
  listStandings,
  listTrees,
  lockLists,
  lockRows,
  putIntoList,
  type Standing,
  type TaskNode,
  trashWith,
  untrash
} from './subtasks.queries.ts'
import { lockTargets, type Place } from './task-projects.ts'
import { type TaskTree, treeOf } from './task-tree.ts'

/** Events and comments that go to another owner in one transaction. */
const MAX_GIVEN_ROWS = 50_000

type EventContext = RequestContext<Actor | null>

/** What a change of trees is about. */
export interface Named {
  /** The tasks that are changed, with all that is below them. */
  ids?: string[]
  /** The tasks below which something is put. */
  parents?: string[]
  /** Whether those that the tasks are below of now count as well. */
  withTheirParents?: boolean
  /** The projects, or null for the caller's personal list, into which tasks go. */
  targets?: (string | null | undefined)[]
}

/** What a change of trees is checked against. Nobody else changes it until the transaction ends. */
export interface Structure {
  projects: ProjectsById
  tree: TaskTree
}

const listOf = ({ project_id, owner_id }: Standing): string => project_id ?? owner_id

/**
 * Locks what a change of trees needs, always in this order: projects, lists, then the tasks with all that is below
 * them, each in the order of ids. Within a list, changes of trees are made one at a time.
 */
export async function lockStructure(tx: Tx, caller: Caller, named: Named): Promise<Structure> {
  const { projects, standings } = await lockListsOf(tx, caller, named)
  const ids = new Set(named.ids)
  const changed = standings.filter(({ id }) => ids.has(id))
  const before = treeOf(await listTrees(tx, changed))
  await lockRows(tx, [...standings, ...changed.flatMap(({ id }) => before.below(id))])
  return { projects, tree: treeOf(await listTrees(tx, standings)) }
}

/** Returns the trees that tasks are in. */
export const readTree = async (tx: Tx, caller: Caller, ids: string[]): Promise<TaskTree> =>
  treeOf(await listTrees(tx, await listStandings(tx, caller, ids)))

/** Locks the lists that a change of trees is about, after their projects; no task leaves them until it has ended. */
export async function lockListsOf(
  tx: Tx,
  caller: Caller,
  { ids = [], parents = [], withTheirParents = false, targets = [] }: Named
): Promise<Pick<Structure, 'projects'> & { standings: Standing[] }> {
  const named = await listStandings(tx, caller, [...new Set([...ids, ...parents])])
  const above = named.flatMap(({ parent_id }) => (withTheirParents && parent_id) || [])
  const projects = await lockTargets(tx, caller, [
    ...targets,
    ...named.map(({ project_id }) => project_id)
  ])
  const into = targets.flatMap((id) => (id === null ? caller.id : (id?.toLowerCase() ?? [])))
  const locked = new Set<string>()
  for (let standings = named; ; ) {
    const missing = [...into, ...standings.map(listOf)].filter((list) => !locked.has(list))
    if (missing.length === 0) {
      return { projects, standings }
    }
    await lockLists(tx, [...new Set(missing)])
    // A task may have gone to another list before its own was locked.
    standings = await listStandings(tx, caller, [...named.map(({ id }) => id), ...above])
    for (const list of missing) {
      locked.add(list)
    }
  }
}

/** Moves all that is below a task into the trash with it. */
export async function trashBelow(
  tx: Tx,
  ctx: EventContext,
  { owner_id, id }: Pick<Task, 'owner_id' | 'id'>,
  below: TaskNode[]
): Promise<void> {
  if (below.length > 0) {
    await recordVersions(tx, ctx, await trashWith(tx, owner_id, idsOf(below), id), 'task.deleted')
  }
}

/** Moves tasks out of the trash that went there with one above them. */
export async function restoreBelow(
  tx: Tx,
  ctx: EventContext,
  owner_id: string,
  gone: { id: string }[]
): Promise<void> {
  if (gone.length > 0) {
    await recordVersions(tx, ctx, await untrash(tx, owner_id, idsOf(gone)), 'task.restored')
  }
}

/** Puts all that is below a task into the list into which the task goes, with its history. */
export async function moveBelow(
  tx: Tx,
  ctx: EventContext,
  { owner_id, project_id }: Place,
  below: TaskNode[],
  to: Place
): Promise<void> {
  if (below.length === 0) {
    return
  }
  const ids = idsOf(below)
  const changes: TaskEvent['changes'] = { project_id: { old: project_id, new: to.project_id } }
  if (to.owner_id !== owner_id) {
    changes.owner_id = { old: owner_id, new: to.owner_id }
    await giveTasks(tx, ids, owner_id, to.owner_id)
    await giveEvents(tx, ids, owner_id, to.owner_id)
  }
  await recordVersions(tx, ctx, await putIntoList(tx, ids, to), 'task.updated', changes)
}

/** How much history and how many comments the tasks of one transaction take to other owners. */
export interface Given {
  rows: number
}

/** Counts what a task and those below it take to another owner; throws when the transaction would take too long. */
export async function assertShortHistory(
  tx: Tx,
  { owner_id, version, comment_count }: Task,
  below: TaskNode[],
  given: Given = { rows: 0 }
): Promise<void> {
  const comments = below.reduce((sum, node) => sum + node.comment_count, comment_count)
  // A task has an event for each version.
  const events = version + (await countEventsOf(tx, owner_id, idsOf(below), MAX_GIVEN_ROWS + 1))
  given.rows += events + comments
  if (given.rows > MAX_GIVEN_ROWS) {
    throw new Problem('history_too_long', {
      detail: `Only tasks that have up to ${MAX_GIVEN_ROWS} events and comments together can change their owner.`
    })
  }
}

const idsOf = (tasks: { id: string }[]): string[] => tasks.map(({ id }) => id)

/** Adds to each task how many subtasks it has, by one statement for all. */
export async function withSubtasks<T extends Task>(db: Db, tasks: T[]): Promise<T[]> {
  const counts = await countSubtasks(db, tasks)
  return tasks.map((task) => ({
    ...task,
    subtasks: counts.get(task.id) ?? { total: 0, done: 0 }
  }))
}

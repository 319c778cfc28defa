import { type FeedList, feedOf } from '../../core/change-feed.ts'
import type { Caller } from '../../core/context.ts'
import { Problem } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import type { Tx } from '../../db/transaction.ts'
import type { ProjectsById } from '../project-access/service.ts'
import { type FindTask, lockTasks, prepareFindTask, type VisibleTask } from './queries.ts'
import { addProjectsOf, assertOpen } from './task-projects.ts'
import { addCommentCounts, updateCommentCount } from './update.queries.ts'

/** A task as those who comment on it see it. */
export type CommentedTask = VisibleTask

/** Finds live tasks that a caller may see, with what is said about them. */
export const commentedTasks = (db: Db): FindTask => prepareFindTask(db)

/**
 * Locks a live task that the caller may see and whose project is open: until the transaction ends, it is neither
 * deleted nor moved, and nobody else comments on it.
 */
export async function lockCommented(tx: Tx, caller: Caller, id: string): Promise<CommentedTask> {
  const lock = async () => (await lockTasks(tx, caller, [id]))[0]
  // Again, since it looks among the caller's tasks first and then among those of others: one may move meanwhile.
  const task = (await lock()) ?? (await lock())
  if (!task || task.deleted_at !== null) {
    throw new Problem('not_found')
  }
  const projects = new Map()
  await addProjectsOf(tx, caller, projects, [task])
  assertOpen(projects, task)
  return task
}

/** Locks the live tasks among some that the caller may see; returns them with whether their projects are open. */
export async function lockAllCommented(
  tx: Tx,
  caller: Caller,
  ids: string[]
): Promise<{ task: CommentedTask; isOpen: boolean }[]> {
  const tasks = await lockTasks(tx, caller, [...new Set(ids)])
  const projects: ProjectsById = new Map()
  await addProjectsOf(tx, caller, projects, tasks)
  const isOpen = ({ project_id }: CommentedTask): boolean => {
    const project = projects.get(project_id ?? '')
    return project_id === null || (project?.archived === false && project.deleted_at === null)
  }
  return tasks
    .filter(({ deleted_at }) => deleted_at === null)
    .map((task) => ({ task, isOpen: isOpen(task) }))
}

/** Counts one comment more of the locked task of each of these, which keep their versions. */
export const countComments = (tx: Tx, added: { owner_id: string; task_id: string }[]) =>
  addCommentCounts(tx, added)

/** Returns whose feeds say what happens on a task: that of its list, and of who has a personal one of another to do. */
export function feedsOf({ owner_id, project_id, assignee_id }: CommentedTask): FeedList[] {
  const own = { owner_id, list_id: project_id ?? owner_id }
  const isOutside = project_id === null && assignee_id !== null && assignee_id !== owner_id
  return isOutside ? [own, feedOf(assignee_id)] : [own]
}

/** Counts a comment more or less of a locked task, which keeps its version. */
export async function countComment(tx: Tx, task: CommentedTask, by: 1 | -1): Promise<void> {
  if (!(await updateCommentCount(tx, task, by))) {
    throw new Problem('not_found')
  }
}

import type { Caller } from '../../core/context.ts'
import { Problem } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import type { Tx } from '../../db/transaction.ts'
import { type FindTask, lockTasks, prepareFindTask, type VisibleTask } from './queries.ts'
import { addProjectsOf, assertOpen } from './task-projects.ts'
import { updateCommentCount } from './update.queries.ts'

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

/** Counts a comment more or less of a locked task, which keeps its version. */
export async function countComment(tx: Tx, task: CommentedTask, by: 1 | -1): Promise<void> {
  if (!(await updateCommentCount(tx, task, by))) {
    throw new Problem('not_found')
  }
}

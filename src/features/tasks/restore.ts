import type { Caller, RequestContext } from '../../core/context.ts'
import { Problem } from '../../core/problem.ts'
import { type Tx, withTransaction } from '../../db/transaction.ts'
import { isPurgeable } from '../../lib/purgeable.ts'
import { applyChange, checkVersion, lockTask, type Versions } from './apply-changes.ts'
import { buildRestore, leaveParent } from './changes.ts'
import { lockTasks } from './queries.ts'
import { assertQuotaFor } from './quota.ts'
import type { Task } from './schema.ts'
import { listGoneWith, type TaskNode, touchRows } from './subtasks.queries.ts'
import { lockStructure, restoreBelow } from './subtasks.ts'
import { addProjectsOf, assertOpen } from './task-projects.ts'
import { faultOfParent, type TaskTree } from './task-tree.ts'
import type { UpdateDeps } from './update.ts'

/**
 * Moves a task out of the trash with the subtasks that went there with it; one that is not there is returned as it is,
 * so that a repeated call is harmless. It comes back at the top level where it cannot be below its parent.
 */
export function restoreTask(
  { db, quota, retentionDays }: Pick<UpdateDeps, 'db' | 'quota' | 'retentionDays'>,
  ctx: RequestContext,
  id: string,
  versions: Versions
): Promise<Task> {
  const { caller } = ctx
  return withTransaction(db, async (tx) => {
    const { projects, tree } = await lockStructure(tx, caller, {
      ids: [id],
      withTheirParents: true
    })
    const task = await lockTask(tx, caller, id)
    if (isPurgeable(task.deleted_at, retentionDays)) {
      throw new Problem('not_found')
    }
    await addProjectsOf(tx, caller, projects, [task])
    assertOpen(projects, task)
    await checkVersion(tx, task, versions)
    const changeSet = buildRestore(caller, task)
    if (!changeSet) {
      return task
    }
    const gone = await listGoneWith(tx, task)
    quota.storage.assertStorageFor(changeSet)
    await assertQuotaFor(tx, quota.tasks, task.owner_id, 1 + gone.length)
    if (!(await keepParent(tx, caller, task, tree.with([alone(task), ...gone])))) {
      leaveParent(changeSet)
    }
    const restored = await applyChange(tx, ctx, changeSet)
    await restoreBelow(tx, ctx, task.owner_id, gone)
    return restored
  })
}

/** The task as it would be at the top level. */
const alone = ({ owner_id, id, assignee_id, comment_count }: Task): TaskNode => ({
  owner_id,
  id,
  assignee_id,
  comment_count,
  parent_id: null
})

/** Tells whether a task can come back below its parent, which then stays. */
async function keepParent(tx: Tx, caller: Caller, task: Task, tree: TaskTree): Promise<boolean> {
  const { parent_id, owner_id } = task
  if (parent_id === null) {
    return true
  }
  const [parent] = await lockTasks(tx, caller, [parent_id])
  return (
    faultOfParent(tree, task, parent) === undefined &&
    (await touchRows(tx, [{ owner_id, id: parent_id }])) === 1
  )
}

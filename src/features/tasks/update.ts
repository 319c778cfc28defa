import type { RequestContext } from '../../core/context.ts'
import { Problem } from '../../core/problem.ts'
import { isDistributed } from '../../db/citus/distribution.ts'
import type { Db } from '../../db/client.ts'
import { withRetries } from '../../db/transaction.ts'
import { checkVersion, type Versions } from './apply-changes.ts'
import { buildDelete, buildUpdate } from './changes.ts'
import type { DirectUpdate } from './direct-update.queries.ts'
import { normalizeFields, REFERENCES } from './fields.ts'
import { type ChangeRequest, changeLockedTask } from './locked-change.ts'
import type { FindTask, VisibleTask } from './queries.ts'
import type { Quota } from './quota.ts'
import type { Task, TaskUpdate } from './schema.ts'
import type { UpdateTask } from './update.queries.ts'

export { applyChanges, checkVersion, type Versions } from './apply-changes.ts'

/** Optimistic attempts before falling back to a row lock. */
const MAX_CONFLICTS = 3

export interface UpdateDeps {
  db: Db
  quota: Quota
  /** How long a task stays in the trash. */
  retentionDays: number
  findTask: FindTask
  directUpdate: DirectUpdate
  /** Prepared for each kind of change that is made optimistically. */
  updateTask: Record<'task.updated' | 'task.deleted', UpdateTask>
}

/**
 * Applies the fields that are present. What differs from before becomes one event; when nothing does, nothing is
 * written. The usual change, of a task of the caller's own, takes one statement; others take one in vain before theirs.
 */
export async function updateTask(
  deps: UpdateDeps,
  ctx: RequestContext,
  id: string,
  versions: Versions,
  body: TaskUpdate
): Promise<Task> {
  const mayStore = deps.quota.storage.findRefusal(ctx.caller.id) === undefined
  if (mayStore && !(await isDistributed(deps.db))) {
    const wanted = normalizeFields(body)
    const changed = await withRetries(() => deps.directUpdate(ctx, id, versions, wanted))
    if (changed) {
      return changed
    }
  }
  return changeTask(deps, ctx, updateOf(ctx, id, versions, body))
}

/** Returns the request that applies the fields of a body. */
export function updateOf(
  ctx: RequestContext,
  id: string,
  versions: Versions,
  body: TaskUpdate
): ChangeRequest {
  const wanted = normalizeFields(body)
  const build = (task: VisibleTask) => buildUpdate(ctx.caller, task, wanted)
  const { project_id, parent_id } = wanted
  return { id, versions, build, project_id, parent_id }
}

/** Moves a task into the trash, with all that is below it. */
export const deleteTask = (
  deps: UpdateDeps,
  ctx: RequestContext,
  id: string,
  versions: Versions
): Promise<Task> => changeTask(deps, ctx, deletionOf(ctx, id, versions))

/** Returns the request that deletes a task. */
export const deletionOf = (ctx: RequestContext, id: string, versions: Versions): ChangeRequest => ({
  id,
  versions,
  isDelete: true,
  build: (task) => buildDelete(ctx.caller, task)
})

/**
 * Changes a live task optimistically: reads it and, in one statement, changes it if it still has the same version. That
 * is two round trips, and no connection is held between them. Conflicts take locks, and so do a change of the assignee,
 * the project or the parent, and the deletion of a task with others below it. Where tasks are distributed, all do: a
 * statement that changes two tables would be carried out on every node.
 */
async function changeTask(
  deps: UpdateDeps,
  ctx: RequestContext,
  request: ChangeRequest
): Promise<Task> {
  const { id, versions, build } = request
  if (await isDistributed(deps.db)) {
    return changeLockedTask(deps, ctx, request)
  }
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts++) {
    const task = await deps.findTask(ctx.caller, id)
    if (!task) {
      throw new Problem('not_found')
    }
    await checkVersion(deps.db, task, versions)
    const changeSet = build(task)
    if (!changeSet) {
      return task
    }
    const { type, change, changes } = changeSet
    if (REFERENCES.some((field) => field in changes)) {
      break
    }
    deps.quota.storage.assertStorageFor(changeSet)
    const update = deps.updateTask[type as keyof UpdateDeps['updateTask']]
    const changed = await withRetries(() => update(ctx, task.version, change, changes))
    if (changed) {
      return changed
    }
    if (request.isDelete) {
      // Most likely there are tasks below it.
      break
    }
  }
  return changeLockedTask(deps, ctx, request)
}

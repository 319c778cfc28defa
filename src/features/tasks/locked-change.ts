import type { Caller, RequestContext } from '../../core/context.ts'
import { Problem } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import { joinTransaction, type Tx } from '../../db/transaction.ts'
import type { ProjectsById } from '../project-access/service.ts'
import { applyChange, checkVersion, lockTask, type Versions } from './apply-changes.ts'
import { leaveParent, type TaskChangeSet } from './changes.ts'
import { checkAssignee, checkMember } from './create.ts'
import { lockTasks, type VisibleTask } from './queries.ts'
import { assertQuotaFor, type Quota } from './quota.ts'
import type { Task } from './schema.ts'
import { type TaskNode, touchRows } from './subtasks.queries.ts'
import {
  assertShortHistory,
  type Given,
  lockStructure,
  moveBelow,
  readTree,
  type Structure,
  trashBelow
} from './subtasks.ts'
import {
  addProjectsOf,
  assertMember,
  assertOpen,
  loadMemberships,
  lockTargets,
  moveTo,
  type Place,
  placeIn
} from './task-projects.ts'
import { assertParent, treeOf } from './task-tree.ts'

/** Returns the change that a task needs; undefined when it needs none. */
type BuildChange = (task: VisibleTask) => TaskChangeSet | undefined

/** A change of one task. */
export interface ChangeRequest {
  id: string
  versions: Versions
  build: BuildChange
  isDelete?: boolean
  /** The project into which it goes; undefined when it stays where it is. */
  project_id?: string | null | undefined
  /** The task below which it goes; undefined when that stays as it is. */
  parent_id?: string | null | undefined
}

/** A transaction that has locked all that several changes are about, and what it knows of the projects. */
interface Held {
  tx: Tx
  projects: ProjectsById
  given: Given
}

/** Changes a live task under locks, with those below it where they follow; `held` has taken the locks already. */
export function changeLockedTask(
  { db, quota }: { db: Db; quota: Quota },
  ctx: RequestContext,
  request: ChangeRequest,
  held?: Held
): Promise<Task> {
  return joinTransaction(db, held?.tx, async (tx) => {
    const structure = await lockFor(tx, ctx.caller, request, held)
    return changeUnderLock(tx, { quota, given: held?.given }, ctx, structure, request)
  })
}

/** A change of one task that may have to read more before it is known. */
interface LockedRequest extends Pick<ChangeRequest, 'id' | 'versions' | 'parent_id'> {
  build: (task: VisibleTask) => TaskChangeSet | undefined | Promise<TaskChangeSet | undefined>
}

/** Locks a live task and changes it; what else it may be about is locked already. */
export async function changeUnderLock(
  tx: Tx,
  { quota, given }: { quota: Quota; given?: Given | undefined },
  ctx: RequestContext,
  { projects, tree }: Structure,
  request: LockedRequest
): Promise<Task> {
  const { id, versions, build } = request
  const { caller } = ctx
  const task = await lockTask(tx, caller, id)
  if (task.deleted_at !== null) {
    throw new Problem('not_found')
  }
  await addProjectsOf(tx, caller, projects, [task])
  assertOpen(projects, task)
  await checkVersion(tx, task, versions)
  const changeSet = await build(task)
  if (!changeSet) {
    return task
  }
  if ('project_id' in changeSet.changes) {
    moveTo(changeSet, placeIn(projects, caller, changeSet.change.project_id, ''))
  }
  await settleParent(tx, caller, { tree, request, changeSet })
  quota.storage.assertStorageFor(changeSet)
  const below = follows(changeSet) ? tree.below(id) : []
  if (changeSet.change.new_owner_id !== undefined) {
    await checkRoom(tx, quota, changeSet.change.new_owner_id, below)
    await assertShortHistory(tx, task, below, given)
  }
  await checkPeople(tx, changeSet, below)
  const changed = await applyChange(tx, ctx, changeSet)
  await takeAlong(tx, ctx, { from: task, changeSet, below })
  return changed
}

/** Locks what the change needs besides the task: with others' places it takes longer than without. */
async function lockFor(
  tx: Tx,
  caller: Caller,
  { id, isDelete, project_id, parent_id }: ChangeRequest,
  held: Held | undefined
): Promise<Structure> {
  if (!isDelete && project_id === undefined && parent_id === undefined) {
    return { projects: await lockTargets(tx, caller, []), tree: treeOf([]) }
  }
  const parents = parent_id == null ? [] : [parent_id]
  return held
    ? { projects: held.projects, tree: await readTree(tx, caller, [id, ...parents]) }
    : lockStructure(tx, caller, { ids: [id], parents, targets: [project_id] })
}

const follows = ({ type, changes }: TaskChangeSet): boolean =>
  type === 'task.deleted' || 'project_id' in changes

const placeAfter = ({ change }: TaskChangeSet): Place => ({
  project_id: change.project_id,
  owner_id: change.new_owner_id ?? change.owner_id
})

/** Checks the parent that a change names; a subtask that goes to another list by itself leaves its parent. */
async function settleParent(
  tx: Tx,
  caller: Caller,
  {
    tree,
    request,
    changeSet
  }: Pick<Structure, 'tree'> & { request: LockedRequest; changeSet: TaskChangeSet }
): Promise<void> {
  const { change, changes } = changeSet
  const isMoved = 'project_id' in changes
  if (isMoved && request.parent_id === undefined) {
    leaveParent(changeSet)
  }
  const { id, parent_id } = change
  if (parent_id !== null && (isMoved || 'parent_id' in changes)) {
    const [parent] = await lockTasks(tx, caller, [parent_id])
    const place = placeAfter(changeSet)
    assertParent(tree, { id, ...place }, parent)
    await touchRows(tx, [{ owner_id: place.owner_id, id: parent_id }])
  }
}

/** Throws when the new owner may not have so many tasks more. */
async function checkRoom(tx: Tx, quota: Quota, owner_id: string, below: TaskNode[]): Promise<void> {
  quota.storage.assertStorage(owner_id)
  await assertQuotaFor(tx, quota.tasks, owner_id, 1 + below.length)
}

/** Throws when a task would be assigned to somebody who cannot have it in its project. */
async function checkPeople(
  tx: Tx,
  { change, changes }: TaskChangeSet,
  below: TaskNode[]
): Promise<void> {
  if ('assignee_id' in changes) {
    await checkAssignee(tx, change)
  } else if ('project_id' in changes) {
    await checkMember(tx, change)
  }
  const { project_id } = change
  if ('project_id' in changes && below.length > 0) {
    const assignees = below.map(({ assignee_id }) => assignee_id)
    const memberships = await loadMemberships(tx, [project_id], assignees)
    for (const assignee_id of assignees) {
      assertMember(memberships, { project_id, assignee_id }, '')
    }
  }
}

/** Lets those below a task follow it into the trash, or into another list. */
async function takeAlong(
  tx: Tx,
  ctx: RequestContext,
  { from, changeSet, below }: { from: Task; changeSet: TaskChangeSet; below: TaskNode[] }
): Promise<void> {
  if (changeSet.type === 'task.deleted') {
    await trashBelow(tx, ctx, from, below)
  } else {
    await moveBelow(tx, ctx, from, below, placeAfter(changeSet))
  }
}

import type { RequestContext } from '../../core/context.ts'
import { Problem } from '../../core/problem.ts'
import type { Tx } from '../../db/transaction.ts'
import { isUuidV7 } from '../../lib/uuid.ts'
import type { Memberships, ProjectsById } from '../project-access/service.ts'
import type { TaskBatchOperation } from './batch.schema.ts'
import { assertIdIsNew, bodyOfCreate, idOfChange, idsOf, withPointer } from './batch-forms.ts'
import { buildDelete, buildUpdate, type TaskChangeSet } from './changes.ts'
import type { NewTask } from './create.queries.ts'
import { idTaken, newTask, projectOfNew, unknownAssignee } from './create.ts'
import { normalizeFields } from './fields.ts'
import { type IdStates, listAssignable, lockTasks, lookUpIds, type VisibleTask } from './queries.ts'
import { loadQuotas, type Quota, type Quotas } from './quota.ts'
import type { Task, TaskUpdate } from './schema.ts'
import type { StorageQuota } from './storage-quota.ts'
import { listTrees } from './subtasks.queries.ts'
import { assertShortHistory, type Given } from './subtasks.ts'
import {
  addProjectsOf,
  assertMember,
  assertOpen,
  loadMemberships,
  lockTargets,
  moveTo,
  placeIn
} from './task-projects.ts'
import { assertParent, type TaskTree, treeOf, unknownParent } from './task-tree.ts'
import { checkVersion } from './update.ts'

/** What is to be done for one operation. */
export type Plan =
  | { newTask: NewTask }
  | { changeSet: TaskChangeSet }
  | { unchanged: Task }
  | { problem: Problem }

/** Everything that the operations of a batch are checked against, read at once. */
export interface BatchContext {
  tx: Tx
  ctx: RequestContext
  tasks: Map<string, VisibleTask>
  ids: IdStates
  /** The projects into which tasks are put, and those that tasks are in. */
  projects: ProjectsById
  assignable: Set<string>
  memberships: Memberships
  quotas: Quotas
  storage: StorageQuota
  /** Which tasks are below which, those included that the batch creates. */
  tree: TaskTree
  /** The tasks that are planned, by id. */
  made: Map<string, NewTask>
  given: Given
}

/** Locks the tasks that operations name, and reads what these are checked against. */
export async function loadBatch(
  { tx, ctx, quota, given }: Pick<BatchContext, 'tx' | 'ctx' | 'given'> & { quota: Quota },
  operations: TaskBatchOperation[]
): Promise<BatchContext> {
  const creates = operations.filter(({ op }) => op === 'create')
  const others = operations.filter(({ op }) => op !== 'create')
  const { caller } = ctx
  const ids = await lookUpIds(tx, idsOf(creates).filter(isUuidV7))
  const projects = await lockTargets(
    tx,
    caller,
    operations.map(({ data }) => data?.project_id)
  )
  const parentIds = new Set(creates.flatMap(({ data }) => data?.parent_id?.toLowerCase() ?? []))
  const tasks = await lockTasks(tx, caller, [...new Set([...idsOf(others), ...parentIds])].sort())
  const parents = tasks.filter(({ id }) => parentIds.has(id))
  const owners = [...projects.values(), ...parents].map(({ owner_id }) => owner_id)
  await addProjectsOf(tx, caller, projects, tasks)
  const assignees = operations.flatMap(({ data }) => data?.assignee_id?.toLowerCase() ?? [])
  const allAssignees = [...assignees, ...tasks.map(({ assignee_id }) => assignee_id)]
  return {
    tx,
    ctx,
    tasks: new Map(tasks.map((task) => [task.id, task])),
    ids,
    projects,
    assignable: await listAssignable(tx, [...new Set(assignees)]),
    memberships: await loadMemberships(tx, [...projects.keys()], allAssignees),
    quotas: await loadQuotas(tx, quota, [caller.id, ...owners], mayAddTasks(operations)),
    storage: quota.storage,
    tree: treeOf(await listTrees(tx, parents)),
    made: new Map(),
    given
  }
}

/** Counts the operations after which somebody may have one more task. */
const mayAddTasks = (operations: TaskBatchOperation[]): number =>
  operations.filter(({ op, data }) => op === 'create' || data?.project_id !== undefined).length

/** Plans one operation. Its problem is a result like any other, hence the catch: it does not choose a status. */
export async function planOperation(
  batch: BatchContext,
  operation: TaskBatchOperation,
  pointer: string,
  seenIds: Set<string>
): Promise<Plan> {
  try {
    assertIdIsNew(seenIds, operation, pointer)
    return operation.op === 'create'
      ? planCreate(batch, operation, pointer)
      : await planChange(batch, operation, pointer)
  } catch (error) {
    if (error instanceof Problem) {
      return { problem: withPointer(error, pointer) }
    }
    throw error
  }
}

function planCreate(batch: BatchContext, operation: TaskBatchOperation, pointer: string): Plan {
  const body = bodyOfCreate(operation, pointer)
  if (body.id !== undefined && batch.ids.taken.has(body.id.toLowerCase())) {
    throw idTaken()
  }
  const at = `${pointer}/data`
  const wanted = normalizeFields(body, at)
  const parent = parentOf(batch, wanted.parent_id, at)
  const place = placeIn(batch.projects, batch.ctx.caller, projectOfNew(wanted, parent), at)
  const task = newTask(batch.ctx, { ...wanted, project_id: place.project_id }, place, at)
  task.version = batch.ids.firstVersions.get(task.id)
  if (parent) {
    assertParent(batch.tree, task, parent, at)
  }
  assertAssignable(batch, task, at)
  batch.quotas.take(task.owner_id)
  addToTree(batch, task)
  return { newTask: task }
}

type Parent = Pick<Task, 'id' | 'owner_id' | 'project_id' | 'deleted_at'>

/** Returns the task below which a new one goes, if any; it may be one that the batch creates. */
function parentOf(
  { tasks, made }: BatchContext,
  parent_id: string | null | undefined,
  at: string
): Parent | undefined {
  if (parent_id == null) {
    return undefined
  }
  const planned = made.get(parent_id)
  const parent = planned ? { ...planned, deleted_at: null } : tasks.get(parent_id)
  if (!parent || parent.deleted_at !== null) {
    throw unknownParent(at)
  }
  return parent
}

function addToTree(batch: BatchContext, task: NewTask): void {
  const { owner_id, id, parent_id, assignee_id } = task
  batch.made.set(id, task)
  batch.tree = batch.tree.with([{ owner_id, id, parent_id, assignee_id, comment_count: 0 }])
}

async function planChange(
  batch: BatchContext,
  operation: TaskBatchOperation,
  pointer: string
): Promise<Plan> {
  const { op, if_version, data = {} } = operation
  const { caller } = batch.ctx
  const task = batch.tasks.get(idOfChange(operation, pointer))
  if (!task || task.deleted_at !== null) {
    throw new Problem('not_found')
  }
  assertOpen(batch.projects, task)
  await checkVersion(batch.tx, task, if_version === undefined ? undefined : [if_version])
  if (op === 'delete') {
    const changeSet = buildDelete(caller, task)
    batch.storage.assertStorageFor(changeSet)
    return { changeSet }
  }
  const at = `${pointer}/data`
  const changeSet = buildUpdate(caller, task, normalizeFields<TaskUpdate>(data, at), at)
  if (!changeSet) {
    return { unchanged: task }
  }
  checkPlace(batch, changeSet, at)
  if (changeSet.change.new_owner_id !== undefined) {
    await assertShortHistory(batch.tx, task, [], batch.given)
  }
  return { changeSet }
}

/** Checks what a change says of project and assignee, and completes a move. */
function checkPlace(batch: BatchContext, changeSet: TaskChangeSet, at: string): void {
  const { change, changes } = changeSet
  if ('project_id' in changes) {
    moveTo(changeSet, placeIn(batch.projects, batch.ctx.caller, change.project_id, at))
    assertMember(batch.memberships, change, at)
  }
  if ('assignee_id' in changes) {
    assertAssignable(batch, change, at)
  }
  batch.storage.assertStorageFor(changeSet)
  if (change.new_owner_id !== undefined) {
    batch.quotas.take(change.new_owner_id)
  }
}

function assertAssignable(
  { assignable, memberships }: BatchContext,
  task: Pick<Task, 'project_id' | 'assignee_id'>,
  at: string
): void {
  if (task.assignee_id !== null && !assignable.has(task.assignee_id)) {
    throw unknownAssignee(`${at}/assignee_id`)
  }
  assertMember(memberships, task, at)
}

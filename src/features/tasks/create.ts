import type { Caller, RequestContext } from '../../core/context.ts'
import { invalidField, Problem } from '../../core/problem.ts'
import { isDistributed } from '../../db/citus/distribution.ts'
import type { Db } from '../../db/client.ts'
import { joinTransaction, type Tx, withRetries } from '../../db/transaction.ts'
import { newId } from '../../lib/uuid.ts'
import { createdBy, type InsertTask, insertTasks, type NewTask } from './create.queries.ts'
import { assertDay } from './due-date.fields.ts'
import { recordVersions } from './events.queries.ts'
import { DEFAULTS, normalizeFields } from './fields.ts'
import { listAssignable, lockTasks, lookUpIds } from './queries.ts'
import { assertQuota, type Quota } from './quota.ts'
import type { Task, TaskCreate } from './schema.ts'
import { touchRows } from './subtasks.queries.ts'
import { lockStructure, type Structure } from './subtasks.ts'
import { assertMember, loadMemberships, lockTargets, type Place, placeIn } from './task-projects.ts'
import { assertParent, treeOf, unknownParent } from './task-tree.ts'

export interface CreateDeps {
  db: Db
  quota: Quota
  insertTask: InsertTask
}

/**
 * Creates a task of the caller's own with its event, in `tx` when there is one. Nothing has to be checked or stored
 * beside the usual task, which takes one statement; the others take a transaction. So does each where tasks are
 * distributed: a statement that changes two tables would be carried out on every node.
 */
export async function createTask(
  deps: CreateDeps,
  ctx: RequestContext,
  body: TaskCreate,
  tx?: Tx
): Promise<Task> {
  const { id, assignee_id, project_id, parent_id } = body
  const isLone = assignee_id == null && project_id == null && parent_id == null
  const isUsual = id === undefined && isLone && deps.quota.tasks === 0
  return tx === undefined && isUsual && !(await isDistributed(deps.db))
    ? createInOneStatement(deps, ctx, body)
    : joinTransaction(deps.db, tx, (tx) => createInTransaction(tx, deps.quota, ctx, body))
}

async function createInOneStatement(
  { insertTask, quota }: CreateDeps,
  ctx: RequestContext,
  body: TaskCreate
): Promise<Task> {
  const task = newTask(ctx, normalizeFields(body), personalPlace(ctx))
  quota.storage.assertStorage(task.owner_id)
  return withRetries(() => insertTask(ctx, task))
}

/** Creates a task and checks everything that it refers to. */
export async function createInTransaction(
  tx: Tx,
  quota: Quota,
  ctx: RequestContext,
  body: TaskCreate
): Promise<Task> {
  const { caller } = ctx
  const { projects, tree } = await lockFor(tx, caller, body)
  const wanted = normalizeFields(body)
  const parent = await findParent(tx, caller, wanted.parent_id)
  const place = placeIn(projects, caller, projectOfNew(wanted, parent), '')
  const task = newTask(ctx, { ...wanted, project_id: place.project_id }, place)
  if (parent) {
    assertParent(tree, task, parent)
  }
  const { taken, firstVersions } = await lookUpIds(tx, body.id === undefined ? [] : [task.id])
  if (taken.has(task.id)) {
    throw idTaken()
  }
  task.version = firstVersions.get(task.id)
  await checkAssignee(tx, task)
  await assertQuota(tx, quota, task.owner_id)
  if (parent) {
    await touchRows(tx, [parent])
  }
  const [created] = await createTasks(tx, ctx, [task])
  return created as Task
}

async function lockFor(
  tx: Tx,
  caller: Caller,
  { project_id, parent_id }: TaskCreate
): Promise<Structure> {
  return parent_id == null
    ? { projects: await lockTargets(tx, caller, [project_id]), tree: treeOf([]) }
    : lockStructure(tx, caller, { parents: [parent_id], targets: [project_id] })
}

/** Returns the task below which a new one goes, if any. */
async function findParent(
  tx: Tx,
  caller: Caller,
  parent_id: string | null | undefined
): Promise<Task | undefined> {
  if (parent_id == null) {
    return undefined
  }
  const [parent] = await lockTasks(tx, caller, [parent_id])
  if (!parent || parent.deleted_at !== null) {
    throw unknownParent()
  }
  return parent
}

/** Returns the project of a new task: that of the task above it, unless the body names one, or null. */
export const projectOfNew = (
  { project_id }: Pick<TaskCreate, 'project_id'>,
  parent: Pick<Task, 'project_id'> | undefined
): string | null | undefined => (project_id === undefined ? parent?.project_id : project_id)

const personalPlace = ({ caller }: RequestContext): Place => ({
  project_id: null,
  owner_id: caller.id
})

/** Completes a normalized body, which stands at `pointer` in the request. */
export function newTask(
  ctx: RequestContext,
  body: TaskCreate,
  { owner_id }: Place,
  pointer = ''
): NewTask {
  const task = {
    ...DEFAULTS,
    ...body,
    id: body.id?.toLowerCase() ?? newId(),
    owner_id,
    created_by: createdBy(ctx, owner_id)
  }
  assertDay(task.all_day, task.due_date, pointer)
  return task
}

/** Creates checked tasks in two statements: one for the rows, one for the events. */
export async function createTasks(tx: Tx, ctx: RequestContext, rows: NewTask[]): Promise<Task[]> {
  if (rows.length === 0) {
    return []
  }
  const created = await insertTasks(tx, rows)
  await recordVersions(tx, ctx, created, 'task.created')
  return created
}

/**
 * Throws when a task cannot be assigned to its assignee, who then exists, and is a member of its project, until the
 * transaction ends.
 */
export async function checkAssignee(
  tx: Tx,
  { project_id, assignee_id }: Pick<Task, 'project_id' | 'assignee_id'>
): Promise<void> {
  if (assignee_id === null) {
    return
  }
  if (!(await listAssignable(tx, [assignee_id])).has(assignee_id)) {
    throw unknownAssignee('/assignee_id')
  }
  await checkMember(tx, { project_id, assignee_id })
}

/** Throws when a task of a project would be assigned to somebody who is no member, and remains so meanwhile. */
export async function checkMember(
  tx: Tx,
  task: Pick<Task, 'project_id' | 'assignee_id'>
): Promise<void> {
  assertMember(await loadMemberships(tx, [task.project_id], [task.assignee_id]), task, '')
}

export const unknownAssignee = (pointer: string) =>
  invalidField('body', pointer, 'unknown_user', 'assignee_id is not the id of a user.')

export const idTaken = () =>
  new Problem('id_taken', {
    detail: 'A task with this id exists. Choose a new id for each task.'
  })

import type { RequestContext } from '../../core/context.ts'
import { invalidField, Problem } from '../../core/problem.ts'
import type { Tx } from '../../db/transaction.ts'
import type { TaskBatchOperation } from './batch.schema.ts'
import { buildDelete, buildUpdate, type TaskChangeSet } from './changes.ts'
import type { NewTask } from './create.queries.ts'
import { idTaken, newTask, unknownAssignee } from './create.ts'
import { normalizeFields } from './fields.ts'
import { listAssignable, listTakenIds, lockTasks } from './queries.ts'
import { quotaExceeded, remainingQuota } from './quota.ts'
import { isUuidV7, type Task, type TaskUpdate } from './schema.ts'
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
  tasks: Map<string, Task>
  takenIds: Set<string>
  assignable: Set<string>
  seenIds: Set<string>
  quota: number
  quotaLeft: number
}

/** Locks the tasks that a batch names, and reads what its operations are checked against. */
export async function loadBatch(
  tx: Tx,
  ctx: RequestContext,
  quota: number,
  operations: TaskBatchOperation[]
): Promise<BatchContext> {
  const creates = operations.filter(({ op }) => op === 'create')
  const others = operations.filter(({ op }) => op !== 'create')
  const takenIds = await listTakenIds(tx, idsOf(creates).filter(isUuidV7))
  const tasks = await lockTasks(tx, ctx.caller, idsOf(others))
  const assignees = operations.flatMap(({ data }) => data?.assignee_id?.toLowerCase() ?? [])
  return {
    tx,
    ctx,
    tasks: new Map(tasks.map((task) => [task.id, task])),
    takenIds,
    assignable: await listAssignable(tx, [...new Set(assignees)]),
    seenIds: new Set(),
    quota,
    quotaLeft: await remainingQuota(tx, quota, ctx.caller.id, creates.length)
  }
}

const idsOf = (operations: TaskBatchOperation[]): string[] =>
  [...new Set(operations.flatMap(({ id }) => id?.toLowerCase() ?? []))].sort()

/** Plans one operation. Its problem is a result like any other, hence the catch: it does not choose a status. */
export async function planOperation(
  batch: BatchContext,
  operation: TaskBatchOperation,
  pointer: string
): Promise<Plan> {
  try {
    assertIdIsNew(batch, operation, pointer)
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

function assertIdIsNew({ seenIds }: BatchContext, { id }: TaskBatchOperation, pointer: string) {
  const key = id?.toLowerCase()
  if (key === undefined) {
    return
  }
  if (seenIds.has(key)) {
    throw invalidField('body', `${pointer}/id`, 'repeated', 'Each task may occur once in a batch.')
  }
  seenIds.add(key)
}

function planCreate(
  batch: BatchContext,
  { id, if_version, data }: TaskBatchOperation,
  pointer: string
): Plan {
  if (if_version !== undefined) {
    throw invalidField(
      'body',
      `${pointer}/if_version`,
      'unknown_field',
      'if_version has no meaning with create.'
    )
  }
  const title = data?.title
  if (title === undefined) {
    throw required(`${pointer}/data/title`, 'title is required with create.')
  }
  if (id !== undefined && !isUuidV7(id)) {
    throw invalidField('body', `${pointer}/id`, 'malformed', 'id must be a UUIDv7.')
  }
  if (id !== undefined && batch.takenIds.has(id.toLowerCase())) {
    throw idTaken()
  }
  const at = `${pointer}/data`
  const task = newTask(batch.ctx, normalizeFields({ ...data, title, ...(id && { id }) }, at), at)
  assertAssignable(batch, task.assignee_id, pointer)
  if (batch.quotaLeft-- <= 0) {
    throw quotaExceeded(batch.quota)
  }
  return { newTask: task }
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
  await checkVersion(batch.tx, task, if_version === undefined ? undefined : [if_version])
  if (op === 'delete') {
    return { changeSet: buildDelete(caller, task) }
  }
  const at = `${pointer}/data`
  const changeSet = buildUpdate(caller, task, normalizeFields<TaskUpdate>(data, at), at)
  if (!changeSet) {
    return { unchanged: task }
  }
  if ('assignee_id' in changeSet.changes) {
    assertAssignable(batch, changeSet.change.assignee_id, pointer)
  }
  return { changeSet }
}

/** Returns the id of the task to change, or throws what is wrong with the form of the operation. */
function idOfChange({ op, id, data }: TaskBatchOperation, pointer: string): string {
  if (id === undefined) {
    throw required(`${pointer}/id`, `id is required with ${op}.`)
  }
  if (op === 'delete' && data !== undefined) {
    throw invalidField(
      'body',
      `${pointer}/data`,
      'unknown_field',
      'data has no meaning with delete.'
    )
  }
  if (op === 'update' && Object.keys(data ?? {}).length === 0) {
    throw required(`${pointer}/data`, 'data must name at least one field with update.')
  }
  return id.toLowerCase()
}

const required = (pointer: string, detail: string) =>
  invalidField('body', pointer, 'required', detail)

function assertAssignable(
  { assignable }: BatchContext,
  assignee_id: string | null,
  pointer: string
): void {
  if (assignee_id !== null && !assignable.has(assignee_id)) {
    throw unknownAssignee(`${pointer}/data/assignee_id`)
  }
}

/** Returns the same problem, with a pointer to the operation that caused it. */
function withPointer(problem: Problem, pointer: string): Problem {
  const errors = problem.extras.errors ?? [
    { in: 'body' as const, pointer, code: problem.code, detail: problem.message }
  ]
  return new Problem(problem.code, {
    detail: problem.message,
    extras: { ...problem.extras, errors },
    headers: problem.headers
  })
}

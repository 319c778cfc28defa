import type { Caller, RequestContext } from '../../core/context.ts'
import { Problem } from '../../core/problem.ts'
import type { Tx } from '../../db/transaction.ts'
import { isUuidV7 } from '../../lib/uuid.ts'
import type { TaskBatchItem, TaskBatchOperation } from './batch.schema.ts'
import { assertIdIsNew, bodyOfCreate, idOfChange, idsOf, withPointer } from './batch-forms.ts'
import { itemOf } from './batch-items.ts'
import { createInTransaction } from './create.ts'
import { changeLockedTask } from './locked-change.ts'
import { listTakenIds } from './queries.ts'
import type { TaskUpdate } from './schema.ts'
import { findGoneVersion, listLinked } from './subtasks.queries.ts'
import { lockListsOf, lockStructure } from './subtasks.ts'
import { deletionOf, updateOf } from './update.ts'

/**
 * Tells whether operations change which task is below which: those are carried out one after the other. Where they may,
 * their lists are locked until the transaction ends.
 */
export async function changesTrees(
  tx: Tx,
  caller: Caller,
  operations: TaskBatchOperation[]
): Promise<boolean> {
  const deleted = operations.filter(({ op }) => op === 'delete')
  const moved = operations.filter(
    ({ op, data }) => op === 'update' && data?.project_id !== undefined
  )
  if (operations.some(namesParent)) {
    return true
  }
  const ids = idsOf([...deleted, ...moved])
  if (ids.length === 0) {
    return false
  }
  await lockListsOf(tx, caller, { ids, targets: operations.map(({ data }) => data?.project_id) })
  const movedIds = new Set(idsOf(moved))
  const linked = await listLinked(tx, ids)
  return linked.some(({ id, has_subtasks }) => has_subtasks || movedIds.has(id))
}

const namesParent = ({ op, data }: TaskBatchOperation): boolean =>
  op === 'create' ? data?.parent_id != null : data?.parent_id !== undefined

interface Sequence {
  deps: { quota: number; db: Tx }
  tx: Tx
  ctx: RequestContext
  seenIds: Set<string>
  /** Those that were deleted, perhaps with others below them. */
  deletedIds: string[]
}

/** Carries out operations one after the other, each on what those before it have left; all locks are taken first. */
export async function runInSequence(
  { quota }: { quota: number },
  tx: Tx,
  ctx: RequestContext,
  { atomic, operations }: { atomic: boolean; operations: TaskBatchOperation[] }
): Promise<TaskBatchItem[]> {
  await lockStructure(tx, ctx.caller, {
    ids: idsOf(operations.filter(({ op }) => op !== 'create')),
    parents: [...new Set(operations.flatMap(({ data }) => data?.parent_id?.toLowerCase() ?? []))],
    targets: operations.map(({ data }) => data?.project_id)
  })
  await listTakenIds(tx, idsOf(operations.filter(({ op }) => op === 'create')).filter(isUuidV7))
  const sequence = { deps: { quota, db: tx }, tx, ctx, seenIds: new Set<string>(), deletedIds: [] }
  const items: TaskBatchItem[] = []
  for (const [i, operation] of operations.entries()) {
    const result = await carryOut(sequence, operation, `/operations/${i}`)
    if (atomic && result instanceof Problem) {
      throw result
    }
    items.push(
      result instanceof Problem ? itemOf.problem(ctx, result, operation.id ?? null) : result
    )
  }
  return items
}

/** Carries out one operation. Its problem is a result like any other: nothing of it has been done by then. */
async function carryOut(
  sequence: Sequence,
  operation: TaskBatchOperation,
  pointer: string
): Promise<TaskBatchItem | Problem> {
  try {
    assertIdIsNew(sequence.seenIds, operation, pointer)
    switch (operation.op) {
      case 'create':
        return await create(sequence, operation, pointer)
      case 'update':
        return await update(sequence, operation, pointer)
      default:
        return await remove(sequence, operation, pointer)
    }
  } catch (error) {
    if (error instanceof Problem) {
      return withPointer(error, pointer)
    }
    throw error
  }
}

/** Lets the pointers of a problem begin at the data of the operation. */
async function below<T>(at: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Problem && error.extras.errors) {
      error.extras.errors = error.extras.errors.map((fault) => ({
        ...fault,
        pointer: `${at}${fault.pointer}`
      }))
    }
    throw error
  }
}

async function create(
  { deps, tx, ctx }: Sequence,
  operation: TaskBatchOperation,
  pointer: string
): Promise<TaskBatchItem> {
  const body = bodyOfCreate(operation, pointer)
  const create = () => createInTransaction(tx, deps.quota, ctx, body)
  return itemOf.task(201, await below(`${pointer}/data`, create))
}

const versionsOf = ({ if_version }: TaskBatchOperation) =>
  if_version === undefined ? undefined : [if_version]

async function update(
  { deps, tx, ctx }: Sequence,
  operation: TaskBatchOperation,
  pointer: string
): Promise<TaskBatchItem> {
  const id = idOfChange(operation, pointer)
  const change = async () => {
    const request = updateOf(ctx, id, versionsOf(operation), operation.data as TaskUpdate)
    return changeLockedTask(deps, ctx, request, tx)
  }
  return itemOf.task(200, await below(`${pointer}/data`, change))
}

/** Deletes a task; one that has gone with another one of the same batch is deleted as well. */
async function remove(
  { deps, tx, ctx, deletedIds }: Sequence,
  operation: TaskBatchOperation,
  pointer: string
): Promise<TaskBatchItem> {
  const id = idOfChange(operation, pointer)
  const gone = deletedIds.length > 0 ? await findGoneVersion(tx, id, deletedIds) : undefined
  if (gone !== undefined) {
    return itemOf.deleted(id, gone)
  }
  const request = deletionOf(ctx, id, versionsOf(operation))
  const { version } = await changeLockedTask(deps, ctx, request, tx)
  deletedIds.push(id)
  return itemOf.deleted(id, version)
}

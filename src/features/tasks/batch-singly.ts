import type { Caller, RequestContext } from '../../core/context.ts'
import { Problem } from '../../core/problem.ts'
import type { Tx } from '../../db/transaction.ts'
import type { ProjectsById } from '../project-access/service.ts'
import type { TaskBatchItem, TaskBatchOperation } from './batch.schema.ts'
import { assertIdIsNew, idOfChange, idsOf, withPointer } from './batch-forms.ts'
import { itemOf } from './batch-items.ts'
import { changeLockedTask } from './locked-change.ts'
import type { Quota } from './quota.ts'
import type { TaskUpdate } from './schema.ts'
import { findGoneVersion, listLinked } from './subtasks.queries.ts'
import { type Given, lockListsOf, lockStructure, type Named } from './subtasks.ts'
import { deletionOf, updateOf } from './update.ts'

/**
 * Returns which operations put a task below another one, or change tasks that are below theirs. Where there may be
 * such, all that they are about is locked until the transaction ends.
 */
export async function listTreeChanges(
  tx: Tx,
  caller: Caller,
  operations: TaskBatchOperation[]
): Promise<{ single: Set<number>; projects: ProjectsById }> {
  const changed = operations.filter(({ op }) => op !== 'create')
  const ids = changed.some(mayChangeTree) ? idsOf(changed) : []
  const parents = new Set(operations.flatMap(({ data }) => data?.parent_id?.toLowerCase() ?? []))
  if (ids.length === 0 && parents.size === 0) {
    return { single: new Set(), projects: new Map() }
  }
  const named: Named = {
    ids,
    parents: [...parents],
    targets: operations.map(({ data }) => data?.project_id)
  }
  const { projects } = await lockListsOf(tx, caller, named)
  const linked = await listLinked(tx, caller, ids)
  const changesTree = (operation: TaskBatchOperation): boolean => {
    const id = operation.id?.toLowerCase() ?? ''
    return mayChangeTree(operation) && (namesParent(operation) || linked.has(id) || parents.has(id))
  }
  const single = [...operations.entries()].filter(([, operation]) => changesTree(operation))
  if (single.length > 0) {
    await lockStructure(tx, caller, named)
  }
  return { single: new Set(single.map(([i]) => i)), projects }
}

const namesParent = ({ data }: TaskBatchOperation): boolean => data?.parent_id !== undefined

const mayChangeTree = (operation: TaskBatchOperation): boolean =>
  operation.op === 'delete' ||
  (operation.op === 'update' &&
    (namesParent(operation) || operation.data?.project_id !== undefined))

/** What the operations of a batch that are carried out one by one share. */
export interface SingleRun {
  tx: Tx
  ctx: RequestContext
  quota: Quota
  projects: ProjectsById
  seenIds: Set<string>
  given: Given
  /** Those that were deleted, perhaps with others below them. */
  deletedIds: string[]
}

/** Carries out one operation. Its problem is a result like any other: nothing of it has been done by then. */
export async function runSingly(
  run: SingleRun,
  operation: TaskBatchOperation,
  pointer: string
): Promise<{ item: TaskBatchItem } | { problem: Problem }> {
  try {
    assertIdIsNew(run.seenIds, operation, pointer)
    const id = idOfChange(operation, pointer)
    return {
      item: await (operation.op === 'delete'
        ? remove(run, id, operation)
        : update(run, id, operation, `${pointer}/data`))
    }
  } catch (error) {
    if (error instanceof Problem) {
      return { problem: withPointer(error, pointer) }
    }
    throw error
  }
}

const versionsOf = ({ if_version }: TaskBatchOperation) =>
  if_version === undefined ? undefined : [if_version]

async function update(
  { quota, tx, ctx, projects, given }: SingleRun,
  id: string,
  operation: TaskBatchOperation,
  at: string
): Promise<TaskBatchItem> {
  const change = async () => {
    const request = updateOf(ctx, id, versionsOf(operation), operation.data as TaskUpdate)
    return changeLockedTask({ db: tx, quota }, ctx, request, { tx, projects, given })
  }
  return itemOf.task(200, await pointingInto(at, change))
}

/** Deletes a task; one that has gone with another one of the same batch is deleted as well. */
async function remove(
  { quota, tx, ctx, projects, given, deletedIds }: SingleRun,
  id: string,
  operation: TaskBatchOperation
): Promise<TaskBatchItem> {
  const gone =
    deletedIds.length > 0 ? await findGoneVersion(tx, ctx.caller, id, deletedIds) : undefined
  if (gone !== undefined) {
    return itemOf.deleted(id, gone)
  }
  const request = deletionOf(ctx, id, versionsOf(operation))
  const { version } = await changeLockedTask({ db: tx, quota }, ctx, request, {
    tx,
    projects,
    given
  })
  deletedIds.push(id)
  return itemOf.deleted(id, version)
}

/** Lets the pointers of a problem begin at the data of the operation. */
async function pointingInto<T>(at: string, work: () => Promise<T>): Promise<T> {
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

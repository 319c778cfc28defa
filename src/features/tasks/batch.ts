import type { RequestContext } from '../../core/context.ts'
import type { Db } from '../../db/client.ts'
import { joinTransaction, type Tx } from '../../db/transaction.ts'
import { mustGet } from '../../lib/must-get.ts'
import type { TaskBatch, TaskBatchItem, TaskBatchOperation } from './batch.schema.ts'
import { itemOf } from './batch-items.ts'
import { loadBatch, type Plan, planOperation } from './batch-plan.ts'
import { listTreeChanges, runSingly, type SingleRun } from './batch-singly.ts'
import type { NewTask } from './create.queries.ts'
import { createTasks } from './create.ts'
import type { Quota } from './quota.ts'
import { touchRows } from './subtasks.queries.ts'
import { applyChanges } from './update.ts'

/** An operation and its place in the batch. */
type Numbered = readonly [index: number, operation: TaskBatchOperation]

/** A batch that is being carried out. */
interface BatchRun extends SingleRun {
  atomic: boolean
}

/**
 * Runs the operations of a batch with a handful of statements, whatever their number: lock, plan, create, change,
 * record. Locks are taken in the order of ids, so batches on the same tasks cannot deadlock. An atomic batch is
 * rejected with the first problem, which points to its operation; otherwise each problem is its operation's result.
 * Operations that change other tasks as well, which are below theirs, are carried out one by one, in their place.
 */
export function runBatch(
  { db, quota }: { db: Db; quota: Quota },
  ctx: RequestContext,
  { atomic = true, operations }: TaskBatch,
  tx?: Tx
): Promise<TaskBatchItem[]> {
  return joinTransaction(db, tx, async (tx) => {
    const { single, projects } = await listTreeChanges(tx, ctx.caller, operations)
    const run: BatchRun = {
      tx,
      ctx,
      quota,
      projects,
      atomic,
      seenIds: new Set(),
      given: { rows: 0 },
      deletedIds: []
    }
    const items: TaskBatchItem[] = []
    for (const part of partsOf(operations, single)) {
      items.push(...(part.isSingle ? await runOne(run, part.of) : await runTogether(run, part.of)))
    }
    return items
  })
}

interface Part {
  isSingle: boolean
  of: Numbered[]
}

/** Separates what is carried out one by one from what is carried out together. */
function partsOf(operations: TaskBatchOperation[], single: Set<number>): Part[] {
  const parts: Part[] = []
  for (const numbered of operations.entries()) {
    const isSingle = single.has(numbered[0])
    const last = parts.at(-1)
    if (last && !last.isSingle && !isSingle) {
      last.of.push(numbered)
    } else {
      parts.push({ isSingle, of: [numbered] })
    }
  }
  return parts
}

async function runOne(run: BatchRun, of: Numbered[]): Promise<TaskBatchItem[]> {
  const items: TaskBatchItem[] = []
  for (const [i, operation] of of) {
    const result = await runSingly(run, operation, `/operations/${i}`)
    if ('problem' in result && run.atomic) {
      throw result.problem
    }
    items.push(
      'problem' in result
        ? itemOf.problem(run.ctx, result.problem, operation.id ?? null)
        : result.item
    )
  }
  return items
}

async function runTogether(run: BatchRun, of: Numbered[]): Promise<TaskBatchItem[]> {
  const { tx, ctx } = run
  const operations = of.map(([, operation]) => operation)
  const batch = await loadBatch(run, operations)
  const plans: Plan[] = []
  for (const [i, operation] of of) {
    const plan = await planOperation(batch, operation, `/operations/${i}`, run.seenIds)
    if (run.atomic && 'problem' in plan) {
      throw plan.problem
    }
    plans.push(plan)
  }
  return carryOut(tx, ctx, operations, plans)
}

async function carryOut(
  tx: Tx,
  ctx: RequestContext,
  operations: TaskBatchOperation[],
  plans: Plan[]
): Promise<TaskBatchItem[]> {
  const newTasks = plans.flatMap((plan) => ('newTask' in plan ? plan.newTask : []))
  const changeSets = plans.flatMap((plan) => ('changeSet' in plan ? plan.changeSet : []))
  await touchParents(tx, newTasks)
  const created = await createTasks(tx, ctx, newTasks)
  const changed = await applyChanges(tx, ctx, changeSets)
  const tasks = new Map([...changed, ...created.map((task) => [task.id, task] as const)])
  return plans.map((plan, i): TaskBatchItem => {
    if ('problem' in plan) {
      return itemOf.problem(ctx, plan.problem, operations[i]?.id ?? null)
    }
    if ('newTask' in plan) {
      return itemOf.task(201, mustGet(tasks, plan.newTask.id))
    }
    if ('unchanged' in plan) {
      return itemOf.task(200, plan.unchanged)
    }
    const task = mustGet(tasks, plan.changeSet.change.id)
    return plan.changeSet.type === 'task.deleted'
      ? itemOf.deleted(task.id, task.version)
      : itemOf.task(200, task)
  })
}

async function touchParents(tx: Tx, newTasks: NewTask[]): Promise<void> {
  const parents = newTasks.flatMap(({ owner_id, parent_id: id }) =>
    id === null ? [] : [{ owner_id, id }]
  )
  if (parents.length > 0) {
    await touchRows(tx, parents)
  }
}

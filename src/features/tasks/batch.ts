import type { RequestContext } from '../../core/context.ts'
import type { Db } from '../../db/client.ts'
import { joinTransaction, type Tx } from '../../db/transaction.ts'
import { mustGet } from '../../lib/must-get.ts'
import type { TaskBatch, TaskBatchItem, TaskBatchOperation } from './batch.schema.ts'
import { itemOf } from './batch-items.ts'
import { loadBatch, type Plan, planOperation } from './batch-plan.ts'
import { changesTrees, runInSequence } from './batch-sequence.ts'
import { createTasks } from './create.ts'
import { applyChanges } from './update.ts'

/**
 * Runs the operations of a batch with a handful of statements, whatever their number: lock, plan, create, change,
 * record. Locks are taken in the order of ids, so batches on the same tasks cannot deadlock. An atomic batch is
 * rejected with the first problem, which points to its operation; otherwise each problem is its operation's result.
 * Operations that change which task is below which are carried out one after the other.
 */
export function runBatch(
  { db, quota }: { db: Db; quota: number },
  ctx: RequestContext,
  { atomic = true, operations }: TaskBatch,
  tx?: Tx
): Promise<TaskBatchItem[]> {
  return joinTransaction(db, tx, async (tx) => {
    if (await changesTrees(tx, ctx.caller, operations)) {
      return runInSequence({ quota }, tx, ctx, { atomic, operations })
    }
    const batch = await loadBatch(tx, ctx, quota, operations)
    const plans: Plan[] = []
    for (const [i, operation] of operations.entries()) {
      const plan = await planOperation(batch, operation, `/operations/${i}`)
      if (atomic && 'problem' in plan) {
        throw plan.problem
      }
      plans.push(plan)
    }
    return carryOut(tx, ctx, operations, plans)
  })
}

async function carryOut(
  tx: Tx,
  ctx: RequestContext,
  operations: TaskBatchOperation[],
  plans: Plan[]
): Promise<TaskBatchItem[]> {
  const newTasks = plans.flatMap((plan) => ('newTask' in plan ? plan.newTask : []))
  const changeSets = plans.flatMap((plan) => ('changeSet' in plan ? plan.changeSet : []))
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

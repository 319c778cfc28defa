import type { RequestContext } from '../../core/context.ts'
import { type Problem, problemBody } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import { joinTransaction, type Tx } from '../../db/transaction.ts'
import { apiPath } from '../../http/api-path.ts'
import { mustGet } from '../../lib/must-get.ts'
import type { TaskBatch, TaskBatchItem, TaskBatchOperation } from './batch.schema.ts'
import { loadBatch, type Plan, planOperation } from './batch-plan.ts'
import { createTasks } from './create.ts'
import type { Quota } from './quota.ts'
import type { Task } from './schema.ts'
import { applyChanges } from './update.ts'

/**
 * Runs the operations of a batch with a handful of statements, whatever their number: lock, plan, create, change,
 * record. Locks are taken in the order of ids, so batches on the same tasks cannot deadlock. An atomic batch is
 * rejected with the first problem, which points to its operation; otherwise each problem is its operation's result.
 */
export function runBatch(
  { db, quota }: { db: Db; quota: Quota },
  ctx: RequestContext,
  { atomic = true, operations }: TaskBatch,
  tx?: Tx
): Promise<TaskBatchItem[]> {
  return joinTransaction(db, tx, async (tx) => {
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
      return rejected(ctx, plan.problem, operations[i]?.id ?? null)
    }
    if ('newTask' in plan) {
      return done(201, mustGet(tasks, plan.newTask.id))
    }
    if ('unchanged' in plan) {
      return done(200, plan.unchanged)
    }
    const task = mustGet(tasks, plan.changeSet.change.id)
    return plan.changeSet.type === 'task.deleted'
      ? { status: 204, id: task.id, version: task.version }
      : done(200, task)
  })
}

const done = (status: number, task: Task): TaskBatchItem => ({
  status,
  id: task.id,
  version: task.version,
  task
})

const rejected = (ctx: RequestContext, problem: Problem, id: string | null): TaskBatchItem => ({
  status: problem.statusCode,
  id,
  version: null,
  problem: problemBody(problem, apiPath('/task-batches'), ctx.requestId)
})

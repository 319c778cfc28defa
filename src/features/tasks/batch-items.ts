import type { RequestContext } from '../../core/context.ts'
import { type Problem, problemBody } from '../../core/problem.ts'
import { apiPath } from '../../http/api-path.ts'
import type { TaskBatchItem } from './batch.schema.ts'
import type { Task } from './schema.ts'

/** The results of operations of a batch. */
export const itemOf = {
  task: (status: number, task: Task): TaskBatchItem => ({
    status,
    id: task.id,
    version: task.version,
    task
  }),
  deleted: (id: string, version: number): TaskBatchItem => ({ status: 204, id, version }),
  problem: (ctx: RequestContext, problem: Problem, id: string | null): TaskBatchItem => ({
    status: problem.statusCode,
    id,
    version: null,
    problem: problemBody(problem, apiPath('/task-batches'), ctx.requestId)
  })
}

import type { Deps } from '../../core/deps.ts'
import { withLinks } from '../../http/base-path.ts'
import { IdempotencyKey, sendIdempotent } from '../../http/idempotency.ts'
import { ref, responses } from '../../http/schemas.ts'
import type { App } from '../../http/server.ts'
import { md } from '../../lib/md.ts'
import { TaskBatch, type TaskBatchItem, TaskBatchOutcome } from './batch.schema.ts'
import { createTaskService } from './service.ts'

/** A hundred tasks, most of them not as large as one may be. */
const MAX_BATCH_BYTES = 1_048_576

const runTaskBatch = {
  bodyLimit: MAX_BATCH_BYTES,
  config: { allow: 'user', scope: 'tasks:write', budget: 'batches' },
  schema: {
    operationId: 'runTaskBatch',
    tags: ['Tasks'],
    summary: 'Create, change and delete several tasks',
    description: md`
      Runs up to 100 operations in one transaction. A batch is atomic by default: the first operation that is rejected
      rejects the whole batch, and the problem points to it. With \`atomic: false\` each operation has its own result.
      Each operation counts against the rate limit of a request of its own; a batch that does not fit is a 429, and
      nothing of it is done.`,
    headers: IdempotencyKey,
    body: ref(TaskBatch),
    response: responses(
      { 200: ref(TaskBatchOutcome) },
      'not_a_member',
      'quota_exceeded',
      'not_allowed',
      'not_found',
      'project_archived',
      'history_too_long',
      'id_taken',
      'stale_version',
      'idempotency_in_flight',
      'response_not_stored',
      'idempotency_key_reused'
    )
  }
} as const
/** Each operation costs as much as a request of its own. */
function costsOf({ operations }: TaskBatch) {
  const count = (op: string) => operations.filter((operation) => operation.op === op).length
  return { creates: count('create'), updates: count('update'), deletes: count('delete') }
}

const outcome = (results: TaskBatchItem[]) => ({
  status: 200,
  headers: {},
  body: { results, is_summary: false },
  summarize
})

const show = (app: App, result: TaskBatchItem): TaskBatchItem =>
  result.problem ? { ...result, problem: withLinks(app, result.problem) } : result

/** Names tasks by id and version: a hundred tasks are megabytes. */
const summarize = ({ results }: TaskBatchOutcome): TaskBatchOutcome => ({
  is_summary: true,
  results: results.map(({ task, ...rest }) => rest)
})

/** Several changes in one request and one transaction. */
export async function taskBatchRoutes(app: App, { db, config }: Pick<Deps, 'db' | 'config'>) {
  const { runBatch } = createTaskService(db, config)

  app.post('/', runTaskBatch, async (request, reply) => {
    await app.chargeCosts(costsOf(request.body), request, reply)
    return sendIdempotent(db, request, reply, {
      work: (tx) => runBatch(request.ctx, request.body, tx),
      respond: (results) => outcome(results.map((result) => show(app, result)))
    })
  })
}

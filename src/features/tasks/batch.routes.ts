import type { Deps } from '../../core/deps.ts'
import { IdempotencyKey, runIdempotent, sendStored } from '../../http/idempotency.ts'
import { ref, responses } from '../../http/schemas.ts'
import type { App } from '../../http/server.ts'
import { TaskBatch, TaskBatchOutcome } from './batch.schema.ts'
import { runBatch } from './batch.ts'
import { taskContextOf } from './routes.ts'

/** Several changes in one request and one transaction. */
export async function taskBatchRoutes(app: App, { db, config }: Pick<Deps, 'db' | 'config'>) {
  app.post(
    '/',
    {
      config: { allow: 'user', scope: 'tasks:write' },
      schema: {
        operationId: 'runTaskBatch',
        tags: ['Tasks'],
        summary: 'Create, change and delete several tasks',
        description:
          'Up to 100 operations in one transaction. Atomic by default: the first refusal refuses all and points to its operation. With `atomic: false` each operation has a result of its own.',
        headers: IdempotencyKey,
        body: ref(TaskBatch),
        response: responses(
          { 200: ref(TaskBatchOutcome) },
          'quota_exceeded',
          'not_allowed',
          'not_found',
          'id_taken',
          'stale_version',
          'idempotency_in_flight',
          'idempotency_key_reused'
        )
      }
    },
    async (request, reply) =>
      sendStored(
        reply,
        await runIdempotent(db, request, async (tx) => ({
          status: 200,
          headers: {},
          body: {
            results: await runBatch(tx, taskContextOf(request, config), request.body, request.id)
          }
        }))
      )
  )
}

import { Type } from '@sinclair/typebox'
import type { Deps } from '../../core/deps.ts'
import { IfMatch, parseIfMatch } from '../../http/etag.ts'
import { IdempotencyKey, sendIdempotent } from '../../http/idempotency.ts'
import { ref, responses } from '../../http/schemas.ts'
import type { App } from '../../http/server.ts'
import { md } from '../../lib/md.ts'
import { TaskMove } from './order.schema.ts'
import { Task, TaskParams } from './schema.ts'
import { createTaskService, etagOfTask } from './service.ts'

const moveTask = {
  config: { allow: 'user', scope: 'tasks:write', budget: 'updates' },
  schema: {
    operationId: 'moveTask',
    tags: ['Tasks'],
    summary: 'Move a task in its list or to another one',
    description: md`
      Puts it behind or before another task of its list, or at an end of it: where somebody has dropped it. With
      \`project_id\` it goes to that place in another list, with \`status\` into another column of a board at the same
      time. Everything happens or nothing. Two people who move tasks to the same place both succeed. A move to where the
      task is already changes nothing.`,
    params: TaskParams,
    headers: Type.Object({ ...IfMatch.properties, ...IdempotencyKey.properties }),
    body: ref(TaskMove),
    response: responses(
      { 200: ref(Task) },
      'not_a_member',
      'not_allowed',
      'quota_exceeded',
      'not_found',
      'project_archived',
      'history_too_long',
      'idempotency_in_flight',
      'response_not_stored',
      'stale_version',
      'idempotency_key_reused'
    )
  }
} as const

/** The manual order of tasks. */
export async function taskOrderRoutes(app: App, { db, config }: Pick<Deps, 'db' | 'config'>) {
  const tasks = createTaskService(db, config)

  app.post('/:task_id/move', moveTask, (request, reply) => {
    const { ctx, params, body } = request
    const versions = parseIfMatch(request)
    return sendIdempotent(db, request, reply, {
      work: (tx) => tasks.moveTask(ctx, params.task_id, versions, body, tx),
      respond: (task) => ({ status: 200, headers: { etag: etagOfTask(task) }, body: task })
    })
  })
}

import type { Deps } from '../../core/deps.ts'
import { invalidField } from '../../core/problem.ts'
import { IfMatch, parseIfMatch, sendChanged } from '../../http/etag.ts'
import { ref, responses } from '../../http/schemas.ts'
import type { App } from '../../http/server.ts'
import { md } from '../../lib/md.ts'
import { DeleteAllQuery, Task, TaskParams, TasksDeleted } from './schema.ts'
import { createTaskService, etagOfTask } from './service.ts'

const tags = ['Tasks']
const mayWrite = { allow: 'user', scope: 'tasks:write' } as const
/** Deleting all tasks of a large account takes longer than any other request; each chunk of it is complete. */
const DELETE_ALL_MS = 120_000

const NOT_CONFIRMED =
  'confirm=all is required: this moves all your tasks into the trash. ' +
  'To delete some of them use DELETE /tasks/{task_id} or a batch.'

const deleteAllTasks = {
  config: { ...mayWrite, budget: 'delete_all' },
  handlerTimeout: DELETE_ALL_MS,
  schema: {
    operationId: 'deleteAllTasks',
    tags,
    summary: 'Delete all your tasks',
    description: md`
      Moves every personal task of your own into the trash; tasks in projects stay. Managers and admins, too, delete
      only their own tasks this way.
      Without \`confirm=all\` nothing is deleted and the response is a 400.`,
    querystring: DeleteAllQuery,
    response: responses({ 200: ref(TasksDeleted) }, 'not_found')
  }
} as const

const restoreTask = {
  config: mayWrite,
  schema: {
    operationId: 'restoreTask',
    tags,
    summary: 'Restore a deleted task',
    description: md`
      Moves it out of the trash, with the subtasks that went there with it. It comes back at the top level where it
      cannot be below its parent any more. A task that is not there is returned as it is.`,
    params: TaskParams,
    headers: IfMatch,
    response: responses(
      { 200: ref(Task) },
      'not_allowed',
      'quota_exceeded',
      'not_found',
      'project_archived',
      'stale_version'
    )
  }
} as const

/** Tasks into the trash all at once, and out of it one at a time. */
export async function taskTrashRoutes(app: App, { db, config }: Pick<Deps, 'db' | 'config'>) {
  const tasks = createTaskService(db, config)

  app.delete('/', deleteAllTasks, async (request) => {
    if (request.query.confirm !== 'all') {
      throw invalidField('query', '/confirm', 'required', NOT_CONFIRMED)
    }
    return { deleted: await tasks.deleteAllTasks(request.ctx) }
  })
  app.post('/:task_id/restore', restoreTask, async (request, reply) => {
    const { ctx, params } = request
    const task = await tasks.restoreTask(ctx, params.task_id, parseIfMatch(request))
    return sendChanged(reply, task, etagOfTask(task))
  })
}

import type { FastifyRequest } from 'fastify'
import type { Config } from '../../config.ts'
import type { Deps } from '../../core/deps.ts'
import { Problem } from '../../core/problem.ts'
import { deriveKeys } from '../../core/secrets.ts'
import { etagOf, IfMatch, IfNoneMatch, parseIfMatch, sendVersioned } from '../../http/etag.ts'
import {
  hasIdempotencyKey,
  IdempotencyKey,
  runIdempotent,
  sendStored
} from '../../http/idempotency.ts'
import { addLinkHeader, cursors } from '../../http/pagination.ts'
import { NoContent, ref, responses } from '../../http/schemas.ts'
import type { App } from '../../http/server.ts'
import { TaskListQuery } from './list.schema.ts'
import { createTaskList } from './list.ts'
import { prepareFindTask } from './queries.ts'
import {
  Task,
  TaskCreate,
  TaskPage,
  TaskParams,
  TaskReplace,
  TasksDeleted,
  TaskUpdate
} from './schema.ts'
import {
  createTask,
  createTaskChanger,
  createTaskMaker,
  restoreTask,
  type TaskContext
} from './service.ts'
import { deleteAllTasks } from './trash.ts'

const tags = ['Tasks']
/** Emptying a large account takes longer than any other request; each chunk of it is complete. */
const DELETE_ALL_MS = 120_000

/** What a request's change is done and remembered with. */
export const taskContextOf = (
  request: FastifyRequest,
  config: Pick<Config, 'MAX_TASKS_PER_USER'>
): TaskContext => ({
  caller: request.caller,
  origin: { actor_id: request.caller.id, request_id: request.id },
  quota: config.MAX_TASKS_PER_USER
})

/** Tasks, one at a time and as a list. */
export async function taskRoutes(
  app: App,
  { db, config, secrets }: Pick<Deps, 'db' | 'config' | 'secrets'>
) {
  const listTasks = createTaskList(db, cursors(deriveKeys(secrets, 'cursor')))
  const findTask = prepareFindTask(db)
  const makeTask = createTaskMaker(db)
  const { updateTask, deleteTask } = createTaskChanger(db, findTask)

  app.post(
    '/',
    {
      config: { allow: 'user', scope: 'tasks:write' },
      schema: {
        operationId: 'createTask',
        tags,
        summary: 'Create a task',
        description: 'Makes a task of your own.',
        headers: IdempotencyKey,
        body: ref(TaskCreate),
        response: responses(
          { 201: ref(Task) },
          'quota_exceeded',
          'id_taken',
          'idempotency_in_flight',
          'idempotency_key_reused'
        )
      }
    },
    async (request, reply) => {
      const act = taskContextOf(request, config)
      const answerOf = (task: Task) => ({
        status: 201,
        headers: { location: `/api/v1/tasks/${task.id}`, etag: etagOf(task.version) },
        body: task
      })
      return sendStored(
        reply,
        hasIdempotencyKey(request)
          ? await runIdempotent(db, request, async (tx) =>
              answerOf(await createTask(tx, act, request.body))
            )
          : answerOf(await makeTask(act, request.body))
      )
    }
  )

  app.get(
    '/',
    {
      config: { allow: 'user', scope: 'tasks:read' },
      schema: {
        operationId: 'listTasks',
        tags,
        summary: 'List tasks',
        description:
          "Your own and assigned tasks, or everybody's for managers, filtered and sorted, by cursor: concurrent changes neither repeat nor skip a row. Filters can be combined; a task must pass each.",
        querystring: TaskListQuery,
        response: responses({ 200: ref(TaskPage) }, 'not_allowed')
      }
    },
    async (request, reply) =>
      addLinkHeader(request, reply, await listTasks(request.caller, request.query))
  )

  app.delete(
    '/',
    {
      config: { allow: 'user', scope: 'tasks:write', budget: 'delete_all' },
      handlerTimeout: DELETE_ALL_MS,
      schema: {
        operationId: 'deleteAllTasks',
        tags,
        summary: 'Delete all your tasks',
        description:
          'Puts every task of your own into the trash, also for managers and admins only their own.',
        response: responses({ 200: ref(TasksDeleted) })
      }
    },
    async (request) => ({ deleted: await deleteAllTasks(db, taskContextOf(request, config)) })
  )

  app.get(
    '/:task_id',
    {
      config: { allow: 'user', scope: 'tasks:read' },
      schema: {
        operationId: 'getTask',
        tags,
        summary: 'Read a task',
        description: 'One task with its version, also as `ETag`.',
        params: TaskParams,
        headers: IfNoneMatch,
        response: responses(
          { 200: ref(Task), 304: NoContent('You already have this version.') },
          'not_found'
        )
      }
    },
    async (request, reply) => {
      const task = await findTask(request.caller, request.params.task_id)
      if (!task) {
        throw new Problem('not_found')
      }
      return sendVersioned(request, reply, task)
    }
  )

  app.patch(
    '/:task_id',
    {
      config: { allow: 'user', scope: 'tasks:write' },
      schema: {
        operationId: 'updateTask',
        tags,
        summary: 'Change some fields of a task',
        description:
          'A JSON merge patch (RFC 7396): an absent field stays, null clears it. `application/merge-patch+json` is taken as well, with the same meaning.',
        params: TaskParams,
        headers: IfMatch,
        body: ref(TaskUpdate),
        response: responses({ 200: ref(Task) }, 'not_allowed', 'not_found', 'stale_version')
      }
    },
    async (request, reply) => {
      const task = await updateTask(
        taskContextOf(request, config),
        request.params.task_id,
        parseIfMatch(request),
        request.body
      )
      reply.header('etag', etagOf(task.version))
      return task
    }
  )

  app.put(
    '/:task_id',
    {
      config: { allow: 'user', scope: 'tasks:write' },
      schema: {
        operationId: 'replaceTask',
        tags,
        summary: 'Replace a task',
        description:
          'Sets every writable field. A missing one is refused, so that nothing is wiped by omission; to change some fields use PATCH.',
        params: TaskParams,
        headers: IfMatch,
        body: ref(TaskReplace),
        response: responses({ 200: ref(Task) }, 'not_allowed', 'not_found', 'stale_version')
      }
    },
    async (request, reply) => {
      const task = await updateTask(
        taskContextOf(request, config),
        request.params.task_id,
        parseIfMatch(request),
        request.body
      )
      reply.header('etag', etagOf(task.version))
      return task
    }
  )

  app.delete(
    '/:task_id',
    {
      config: { allow: 'user', scope: 'tasks:write' },
      schema: {
        operationId: 'deleteTask',
        tags,
        summary: 'Delete a task',
        description: 'Puts it into the trash, from where it can be restored.',
        params: TaskParams,
        headers: IfMatch,
        response: responses(
          { 204: NoContent('It is in the trash.') },
          'not_allowed',
          'not_found',
          'stale_version'
        )
      }
    },
    async (request, reply) => {
      await deleteTask(
        taskContextOf(request, config),
        request.params.task_id,
        parseIfMatch(request)
      )
      return reply.code(204).send(null)
    }
  )

  app.post(
    '/:task_id/restore',
    {
      config: { allow: 'user', scope: 'tasks:write' },
      schema: {
        operationId: 'restoreTask',
        tags,
        summary: 'Restore a deleted task',
        description: 'Takes it out of the trash. A task that is not there is answered as it is.',
        params: TaskParams,
        headers: IfMatch,
        response: responses(
          { 200: ref(Task) },
          'not_allowed',
          'quota_exceeded',
          'not_found',
          'stale_version'
        )
      }
    },
    async (request, reply) => {
      const task = await restoreTask(
        db,
        taskContextOf(request, config),
        request.params.task_id,
        parseIfMatch(request)
      )
      reply.header('etag', etagOf(task.version))
      return task
    }
  )
}

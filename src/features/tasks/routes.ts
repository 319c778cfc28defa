import type { FastifyRequest } from 'fastify'
import type { Deps } from '../../core/deps.ts'
import { Problem } from '../../core/problem.ts'
import { deriveKey } from '../../core/secrets.ts'
import { etagOf, IfMatch, IfNoneMatch, requiredVersions, sendVersioned } from '../../plugins/etag.ts'
import { cursors, linkNext } from '../../plugins/paging.ts'
import type { App } from '../../plugins/server.ts'
import { Nothing, ref, replies } from '../../plugins/wire.ts'
import { createTaskList } from './list.ts'
import { prepareFindTask } from './queries.ts'
import { Task, TaskCreate, TaskListQuery, TaskPage, TaskParams, TaskReplace, TaskUpdate } from './schema.ts'
import { type Act, createTask, deleteTask, restoreTask, updateTask } from './service.ts'

const tags = ['Tasks']
const actOf = (request: FastifyRequest): Act => ({ caller: request.caller, origin: { actor_id: request.caller.id, request_id: request.id } })

/** Tasks, one at a time and as a list. */
export async function taskRoutes (app: App, { db, secret }: Pick<Deps, 'db' | 'secret'>) {
  const listTasks = createTaskList(db, cursors(deriveKey(secret, 'cursor')))
  const findTask = prepareFindTask(db)

  app.post('/', {
    config: { allow: 'user' },
    schema: {
      operationId: 'createTask', tags, summary: 'Create a task', description: 'Makes a task of your own.',
      body: ref(TaskCreate), response: replies({ 201: ref(Task) }, 'id_taken')
    }
  }, async (request, reply) => {
    const task = await createTask(db, actOf(request), request.body)
    reply.code(201).header('location', `/api/v1/tasks/${task.id}`).header('etag', etagOf(task.version))
    return task
  })

  app.get('/', {
    config: { allow: 'user' },
    schema: {
      operationId: 'listTasks', tags, summary: 'List tasks', description: 'Your tasks, newest first, by cursor: concurrent changes neither repeat nor skip a row.',
      querystring: TaskListQuery, response: replies({ 200: ref(TaskPage) })
    }
  }, async (request, reply) => linkNext(request, reply, await listTasks(request.caller, request.query)))

  app.get('/:task_id', {
    config: { allow: 'user' },
    schema: {
      operationId: 'getTask', tags, summary: 'Read a task', description: 'One task with its version, also as `ETag`.',
      params: TaskParams, headers: IfNoneMatch, response: replies({ 200: ref(Task), 304: Nothing('You already have this version.') }, 'not_found')
    }
  }, async (request, reply) => {
    const task = await findTask(request.caller.id, request.params.task_id)
    if (!task) throw new Problem('not_found')
    return sendVersioned(request, reply, task)
  })

  app.patch('/:task_id', {
    config: { allow: 'user' },
    schema: {
      operationId: 'updateTask', tags, summary: 'Change some fields of a task', description: 'A JSON merge patch (RFC 7396): an absent field stays, null clears it. `application/merge-patch+json` is taken as well, with the same meaning.',
      params: TaskParams, headers: IfMatch, body: ref(TaskUpdate), response: replies({ 200: ref(Task) }, 'not_found', 'stale_version')
    }
  }, async (request, reply) => {
    const task = await updateTask(db, actOf(request), request.params.task_id, requiredVersions(request), request.body)
    reply.header('etag', etagOf(task.version))
    return task
  })

  app.put('/:task_id', {
    config: { allow: 'user' },
    schema: {
      operationId: 'replaceTask', tags, summary: 'Replace a task', description: 'Sets every writable field. A missing one is refused, so that nothing is wiped by omission; to change some fields use PATCH.',
      params: TaskParams, headers: IfMatch, body: ref(TaskReplace), response: replies({ 200: ref(Task) }, 'not_found', 'stale_version')
    }
  }, async (request, reply) => {
    const task = await updateTask(db, actOf(request), request.params.task_id, requiredVersions(request), request.body)
    reply.header('etag', etagOf(task.version))
    return task
  })

  app.delete('/:task_id', {
    config: { allow: 'user' },
    schema: {
      operationId: 'deleteTask', tags, summary: 'Delete a task', description: 'Puts it into the trash, from where it can be restored.',
      params: TaskParams, headers: IfMatch, response: replies({ 204: Nothing('It is in the trash.') }, 'not_found', 'stale_version')
    }
  }, async (request, reply) => {
    await deleteTask(db, actOf(request), request.params.task_id, requiredVersions(request))
    return reply.code(204).send(null)
  })

  app.post('/:task_id/restore', {
    config: { allow: 'user' },
    schema: {
      operationId: 'restoreTask', tags, summary: 'Restore a deleted task', description: 'Takes it out of the trash. A task that is not there is answered as it is.',
      params: TaskParams, headers: IfMatch, response: replies({ 200: ref(Task) }, 'not_found', 'stale_version')
    }
  }, async (request, reply) => {
    const task = await restoreTask(db, actOf(request), request.params.task_id, requiredVersions(request))
    reply.header('etag', etagOf(task.version))
    return task
  })
}

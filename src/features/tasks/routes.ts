import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Deps } from '../../core/deps.ts'
import { Problem } from '../../core/problem.ts'
import { deriveKeys } from '../../core/secrets.ts'
import { apiPath } from '../../http/api-path.ts'
import { IfMatch, IfNoneMatch, parseIfMatch, sendChanged, sendVersioned } from '../../http/etag.ts'
import { IdempotencyKey, sendIdempotent } from '../../http/idempotency.ts'
import { addLinkHeader, cursors } from '../../http/pagination.ts'
import { noContent } from '../../http/replies.ts'
import { NoContent, ref, responses } from '../../http/schemas.ts'
import type { App } from '../../http/server.ts'
import { md } from '../../lib/md.ts'
import { TaskListQuery } from './list.schema.ts'
import { createTaskList } from './list.ts'
import {
  Task,
  TaskCreate,
  TaskPage,
  TaskParams,
  TaskReadQuery,
  TaskReplace,
  TaskUpdate
} from './schema.ts'
import { createTaskService, etagOfTask } from './service.ts'

const tags = ['Tasks']
const mayRead = { allow: 'user', scope: 'tasks:read' } as const
const mayWrite = { allow: 'user', scope: 'tasks:write' } as const

const createTask = {
  config: mayWrite,
  schema: {
    operationId: 'createTask',
    tags,
    summary: 'Create a task',
    description: md`
      Creates a task of your own, or one in a project of which you are an editor at least; with \`parent_id\` a subtask,
      which is in the project of its parent.`,
    headers: IdempotencyKey,
    body: ref(TaskCreate),
    response: responses(
      { 201: ref(Task) },
      'not_a_member',
      'not_allowed',
      'quota_exceeded',
      'project_archived',
      'id_taken',
      'idempotency_in_flight',
      'response_not_stored',
      'idempotency_key_reused'
    )
  }
} as const
const created = (task: Task) => ({
  status: 201,
  headers: { location: apiPath(`/tasks/${task.id}`), etag: etagOfTask(task) },
  body: task
})

const listTasks = {
  config: mayRead,
  schema: {
    operationId: 'listTasks',
    tags,
    summary: 'List tasks',
    description: md`
      Returns your own tasks and those assigned to you, or everybody's for managers, filtered and sorted. Pages follow
      a cursor, so that concurrent changes neither repeat nor skip a task. Filters can be combined; a task must pass
      each. A page ends early, with \`has_more\`, before its tasks exceed 1 MiB. A user can have four searches (\`q\`),
      counts (\`include_total\`, statistics) and exports in progress at once; a further one is a 429. The database time
      of these and of filtered lists is limited per minute; beyond it they are a 429, too. Lists without filters are
      not bounded so.`,
    querystring: TaskListQuery,
    response: responses({ 200: ref(TaskPage) }, 'not_allowed', 'not_found')
  }
} as const

const getTask = {
  config: mayRead,
  schema: {
    operationId: 'getTask',
    tags,
    summary: 'Read a task',
    description: md`
      Returns one task. Its \`ETag\` is its version, with the number of its comments where it has any. With
      \`include_subtasks\` it is sent whole each time: its subtasks change without it.`,
    params: TaskParams,
    querystring: TaskReadQuery,
    headers: IfNoneMatch,
    response: responses(
      { 200: ref(Task), 304: NoContent('You already have this version.') },
      'not_found'
    )
  }
} as const

const CHANGE_PROBLEMS = [
  'not_a_member',
  'not_allowed',
  'quota_exceeded',
  'not_found',
  'project_archived',
  'history_too_long',
  'stale_version'
] as const

const updateTask = {
  config: mayWrite,
  schema: {
    operationId: 'updateTask',
    tags,
    summary: 'Change some fields of a task',
    description: md`
      Applies a JSON merge patch (RFC 7396): an absent field stays as it is, null clears it.
      \`application/merge-patch+json\` is accepted as well, with the same meaning.`,
    params: TaskParams,
    headers: IfMatch,
    body: ref(TaskUpdate),
    response: responses({ 200: ref(Task) }, ...CHANGE_PROBLEMS)
  }
} as const

const replaceTask = {
  config: mayWrite,
  schema: {
    operationId: 'replaceTask',
    tags,
    summary: 'Replace a task',
    description: md`
      Sets every writable field. A body without one of them is rejected, so that nothing is cleared by omission; to
      change some fields use PATCH.`,
    params: TaskParams,
    headers: IfMatch,
    body: ref(TaskReplace),
    response: responses({ 200: ref(Task) }, ...CHANGE_PROBLEMS)
  }
} as const

const deleteTask = {
  config: mayWrite,
  schema: {
    operationId: 'deleteTask',
    tags,
    summary: 'Delete a task',
    description:
      'Moves it into the trash with all that is below it, from where they can be restored together.',
    params: TaskParams,
    headers: IfMatch,
    response: responses(
      { 204: NoContent('It is in the trash.') },
      'not_allowed',
      'not_found',
      'project_archived',
      'stale_version'
    )
  }
} as const

/** Tasks, one at a time and as a list. */
export async function taskRoutes(
  app: App,
  { db, config, secrets }: Pick<Deps, 'db' | 'config' | 'secrets'>
) {
  const tasks = createTaskService(db, config)
  const list = createTaskList(db, cursors(deriveKeys(secrets, 'cursor')))

  app.post('/', createTask, (request, reply) =>
    sendIdempotent(db, request, reply, {
      work: (tx) => tasks.createTask(request.ctx, request.body, tx),
      respond: created
    })
  )
  app.get('/', listTasks, async (request, reply) => {
    const { ctx, query } = request
    const page = await readerOf(app, query)(ctx.caller, () => list(ctx, query))
    return addLinkHeader(request, reply, page)
  })
  app.get('/:task_id', getTask, async (request, reply) => {
    const task = await tasks.findTask(request.ctx, request.params.task_id)
    if (!task) {
      throw new Problem('not_found')
    }
    return request.query.include_subtasks
      ? sendChanged(reply, await tasks.countSubtasks(task), etagOfTask(task))
      : sendVersioned(request, reply, task, etagOfTask(task))
  })

  const update = async (request: UpdateRequest, reply: FastifyReply) => {
    const { ctx, params, body } = request
    const task = await tasks.updateTask(ctx, params.task_id, parseIfMatch(request), body)
    return sendChanged(reply, task, etagOfTask(task))
  }
  app.patch('/:task_id', updateTask, update)
  app.put('/:task_id', replaceTask, update)

  app.delete('/:task_id', deleteTask, async (request, reply) => {
    await tasks.deleteTask(request.ctx, request.params.task_id, parseIfMatch(request))
    return noContent(reply)
  })
}

/** What costs the same however many tasks there are. */
const PLAIN = [
  'limit',
  'cursor',
  'sort',
  'scope',
  'owner_id',
  'project_id',
  'time_zone',
  'include_subtasks'
]

/** Returns who does the read of a list, by what it may cost. */
function readerOf(app: App, { q, include_total, ...query }: TaskListQuery): App['metered'] {
  if (q !== undefined || include_total) {
    return app.readCostly
  }
  const isPlain = Object.keys(query).every((name) => PLAIN.includes(name))
  return isPlain ? (_caller, read) => read() : app.metered
}

type UpdateRequest = FastifyRequest<{ Params: { task_id: string }; Body: TaskUpdate }>

import type { Deps } from '../../core/deps.ts'
import { deriveKeys } from '../../core/secrets.ts'
import { apiPath } from '../../http/api-path.ts'
import {
  etagOf,
  IfMatch,
  IfNoneMatch,
  parseIfMatch,
  sendChanged,
  sendVersioned
} from '../../http/etag.ts'
import { IdempotencyKey, sendIdempotent } from '../../http/idempotency.ts'
import { addLinkHeader, cursors } from '../../http/pagination.ts'
import { noContent } from '../../http/replies.ts'
import { NoContent, ref, responses } from '../../http/schemas.ts'
import type { App } from '../../http/server.ts'
import { md } from '../../lib/md.ts'
import { TaskParams } from '../tasks/schema.ts'
import { storageQuotaOf } from '../tasks/service.ts'
import { createCommentReader } from './list.ts'
import {
  TaskComment,
  TaskCommentCreate,
  TaskCommentListQuery,
  TaskCommentPage,
  TaskCommentParams,
  TaskCommentUpdate
} from './schema.ts'
import { type CommentId, changeComment, createComment, removeComment } from './service.ts'

const tags = ['Comments']
const mayRead = { allow: 'user', scope: 'comments:read' } as const
const mayWrite = { allow: 'user', scope: 'comments:write' } as const

const create = {
  config: mayWrite,
  schema: {
    operationId: 'createTaskComment',
    tags,
    summary: 'Comment on a task',
    description: md`
      Adds a comment to a task that you can see: whoever reads a task may comment on it. It raises \`comment_count\` of
      the task and not its version. A task has up to 1 000 comments.`,
    params: TaskParams,
    headers: IdempotencyKey,
    body: ref(TaskCommentCreate),
    response: responses(
      { 201: ref(TaskComment) },
      'not_allowed',
      'quota_exceeded',
      'not_found',
      'project_archived',
      'idempotency_in_flight',
      'idempotency_key_reused'
    )
  }
} as const
const created = (comment: TaskComment) => ({
  status: 201,
  headers: {
    location: apiPath(`/tasks/${comment.task_id}/comments/${comment.id}`),
    etag: etagOf(comment.version)
  },
  body: comment
})

const list = {
  config: mayRead,
  schema: {
    operationId: 'listTaskComments',
    tags,
    summary: 'List the comments on a task',
    description: md`
      Returns the comments on a task that you can see, oldest first. A page ends early, with \`has_more\`, before its
      comments exceed 1 MiB. \`GET /people?task_id=…\` has the names of their authors.`,
    params: TaskParams,
    querystring: TaskCommentListQuery,
    response: responses({ 200: ref(TaskCommentPage) }, 'not_found')
  }
} as const

const get = {
  config: mayRead,
  schema: {
    operationId: 'getTaskComment',
    tags,
    summary: 'Read a comment',
    description: 'Returns one comment with its version, which is also its `ETag`.',
    params: TaskCommentParams,
    headers: IfNoneMatch,
    response: responses(
      { 200: ref(TaskComment), 304: NoContent('You already have this version.') },
      'not_found'
    )
  }
} as const

const update = {
  config: mayWrite,
  schema: {
    operationId: 'updateTaskComment',
    tags,
    summary: 'Edit your comment',
    description: md`
      Replaces the text, sets \`edited_at\` and finds anew whom it mentions; the same text changes nothing. Nobody edits
      a comment of somebody else.`,
    params: TaskCommentParams,
    headers: IfMatch,
    body: ref(TaskCommentUpdate),
    response: responses(
      { 200: ref(TaskComment) },
      'not_allowed',
      'quota_exceeded',
      'not_found',
      'project_archived',
      'stale_version'
    )
  }
} as const

const remove = {
  config: mayWrite,
  schema: {
    operationId: 'deleteTaskComment',
    tags,
    summary: 'Delete a comment',
    description: md`
      Deletes it for good. For its author, the owner of the task, owner and admins of its project, managers and
      admins.`,
    params: TaskCommentParams,
    headers: IfMatch,
    response: responses(
      { 204: NoContent('It is deleted.') },
      'not_allowed',
      'not_found',
      'project_archived',
      'stale_version'
    )
  }
} as const

/** What people say about tasks. */
export async function commentRoutes(
  app: App,
  { db, config, secrets }: Pick<Deps, 'db' | 'config' | 'secrets'>
) {
  const deps = { db, config, storage: storageQuotaOf(db, config) }
  const comments = createCommentReader(db, cursors(deriveKeys(secrets, 'cursor')))
  const taskOf = ({ params }: { params: { task_id: string } }) => params.task_id.toLowerCase()

  app.post('/:task_id/comments', create, (request, reply) =>
    sendIdempotent(db, request, reply, {
      work: (tx) => createComment(deps, request.ctx, taskOf(request), request.body, tx),
      respond: created
    })
  )
  app.get('/:task_id/comments', list, async (request, reply) =>
    addLinkHeader(
      request,
      reply,
      await comments.listComments(request.ctx, taskOf(request), request.query)
    )
  )
  app.get('/:task_id/comments/:comment_id', get, async (request, reply) =>
    sendVersioned(request, reply, await comments.findComment(request.ctx, idOf(request)))
  )
  app.patch('/:task_id/comments/:comment_id', update, async (request, reply) => {
    const versions = parseIfMatch(request)
    return sendChanged(
      reply,
      await changeComment(deps, request.ctx, idOf(request), versions, request.body)
    )
  })
  app.delete('/:task_id/comments/:comment_id', remove, async (request, reply) => {
    await removeComment(deps, request.ctx, idOf(request), parseIfMatch(request))
    return noContent(reply)
  })
}

const idOf = ({ params }: { params: CommentId }): CommentId => ({
  task_id: params.task_id.toLowerCase(),
  comment_id: params.comment_id.toLowerCase()
})

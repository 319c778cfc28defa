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
import { deleteProject, restoreProject, transferProject } from './lifecycle.ts'
import { listVisibleProjects } from './list.ts'
import {
  Project,
  ProjectCreate,
  ProjectListQuery,
  ProjectPage,
  ProjectParams,
  ProjectTransfer,
  ProjectUpdate
} from './schema.ts'
import { changeProject, createProject, readProject, toProject } from './service.ts'

const tags = ['Projects']
const mayRead = { allow: 'user', scope: 'projects:read' } as const
const mayWrite = { allow: 'user', scope: 'projects:write' } as const
/** Deleting or restoring a large project takes longer than other requests; what has been done is not lost. */
const FOLLOW_MS = 120_000

const create = {
  config: mayWrite,
  schema: {
    operationId: 'createProject',
    tags,
    summary: 'Create a project',
    description: 'Creates a project of your own; add or invite the people with whom you share it.',
    headers: IdempotencyKey,
    body: ref(ProjectCreate),
    response: responses(
      { 201: ref(Project) },
      'quota_exceeded',
      'id_taken',
      'idempotency_in_flight',
      'response_not_stored',
      'idempotency_key_reused'
    )
  }
} as const
const created = (project: Project) => ({
  status: 201,
  headers: { location: apiPath(`/projects/${project.id}`), etag: etagOf(project.version) },
  body: project
})

const list = {
  config: mayRead,
  schema: {
    operationId: 'listProjects',
    tags,
    summary: 'List projects',
    description: md`
      Returns your own projects and those that are shared with you, or everybody's for managers, sorted by name unless
      you say otherwise.`,
    querystring: ProjectListQuery,
    response: responses({ 200: ref(ProjectPage) }, 'not_allowed')
  }
} as const

const get = {
  config: mayRead,
  schema: {
    operationId: 'getProject',
    tags,
    summary: 'Read a project',
    description: 'Returns one project with its version, which is also its `ETag`.',
    params: ProjectParams,
    headers: IfNoneMatch,
    response: responses(
      { 200: ref(Project), 304: NoContent('You already have this version.') },
      'not_found'
    )
  }
} as const

const update = {
  config: mayWrite,
  schema: {
    operationId: 'updateProject',
    tags,
    summary: 'Change, archive or open a project',
    description: md`
      Applies a JSON merge patch (RFC 7396). For admins of the project and its owner. While \`archived\` is true, its
      tasks can only be read: to create, change, move, delete or restore one is a 409 \`project_archived\`.`,
    params: ProjectParams,
    headers: IfMatch,
    body: ref(ProjectUpdate),
    response: responses({ 200: ref(Project) }, 'not_allowed', 'not_found', 'stale_version')
  }
} as const

const remove = {
  config: mayWrite,
  handlerTimeout: FOLLOW_MS,
  schema: {
    operationId: 'deleteProject',
    tags,
    summary: 'Delete a project',
    description: md`
      Moves the project into the trash with its tasks: it is a 404 for everybody until its owner, or an admin, restores
      it.`,
    params: ProjectParams,
    headers: IfMatch,
    response: responses(
      { 204: NoContent('It is in the trash.') },
      'not_allowed',
      'not_found',
      'stale_version'
    )
  }
} as const

const restore = {
  config: mayWrite,
  handlerTimeout: FOLLOW_MS,
  schema: {
    operationId: 'restoreProject',
    tags,
    summary: 'Restore a deleted project',
    description: md`
      Moves it out of the trash with exactly those tasks that went there with it. A project that is not there is
      returned as it is. An admin who restores a project of a deleted account becomes its owner.`,
    params: ProjectParams,
    headers: IfMatch,
    response: responses(
      { 200: ref(Project) },
      'not_allowed',
      'quota_exceeded',
      'not_found',
      'project_too_large',
      'stale_version'
    )
  }
} as const

const transfer = {
  config: mayWrite,
  handlerTimeout: FOLLOW_MS,
  schema: {
    operationId: 'transferProject',
    tags,
    summary: 'Give a project to a member',
    description: md`
      Makes a member the owner of the project and of its tasks; the owner becomes an admin of it. For the owner, of
      projects with up to 10 000 tasks, 50 000 comments, 50 000 events in their history and 50 000 changes of comments
      and members in the feed.`,
    params: ProjectParams,
    headers: IfMatch,
    body: ref(ProjectTransfer),
    response: responses(
      { 200: ref(Project) },
      'not_a_member',
      'not_allowed',
      'quota_exceeded',
      'not_found',
      'project_too_large',
      'stale_version'
    )
  }
} as const

/** Projects: made, found, changed, deleted, restored, given away. */
export async function projectRoutes(app: App, deps: Pick<Deps, 'db' | 'config' | 'secrets'>) {
  const { db, secrets } = deps
  const keys = cursors(deriveKeys(secrets, 'cursor'))
  const idOf = ({ params }: { params: { project_id: string } }) => params.project_id.toLowerCase()

  app.post('/', create, (request, reply) =>
    sendIdempotent(db, request, reply, {
      work: (tx) => createProject(deps, request.ctx, request.body, tx),
      respond: created
    })
  )
  app.get('/', list, async (request, reply) => {
    const { ctx, query } = request
    const read = () => listVisibleProjects(db, keys, ctx, query)
    const isCostly = query.include_counts === true || query.q !== undefined
    const page = isCostly ? await app.readCostly(ctx.caller, read) : await read()
    return addLinkHeader(request, reply, page)
  })
  app.get('/:project_id', get, async (request, reply) => {
    const project = await readProject(db, request.ctx, idOf(request))
    return sendVersioned(request, reply, toProject(request.ctx, project))
  })
  app.patch('/:project_id', update, async (request, reply) =>
    sendChanged(
      reply,
      await changeProject(deps, request.ctx, idOf(request), parseIfMatch(request), request.body)
    )
  )
  app.delete('/:project_id', remove, async (request, reply) => {
    await deleteProject(deps, request.ctx, idOf(request), parseIfMatch(request))
    return noContent(reply)
  })
  app.post('/:project_id/restore', restore, async (request, reply) =>
    sendChanged(
      reply,
      await restoreProject(deps, request.ctx, idOf(request), parseIfMatch(request))
    )
  )
  app.post('/:project_id/transfer', transfer, async (request, reply) =>
    sendChanged(
      reply,
      await transferProject(
        deps,
        request.ctx,
        idOf(request),
        parseIfMatch(request),
        request.body.user_id.toLowerCase()
      )
    )
  )
}

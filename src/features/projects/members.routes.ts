import type { Deps } from '../../core/deps.ts'
import { deriveKeys } from '../../core/secrets.ts'
import { addLinkHeader, cursors } from '../../http/pagination.ts'
import { noContent } from '../../http/replies.ts'
import { NoContent, ref, responses } from '../../http/schemas.ts'
import type { App } from '../../http/server.ts'
import { md } from '../../lib/md.ts'
import { listMembers } from './list.ts'
import { removeMember, setMember } from './members.ts'
import {
  ProjectMember,
  ProjectMemberListQuery,
  ProjectMemberPage,
  ProjectMemberParams,
  ProjectMemberPut,
  ProjectParams
} from './schema.ts'

const tags = ['Projects']
const mayRead = { allow: 'user', scope: 'projects:read' } as const
const mayWrite = { allow: 'user', scope: 'projects:write' } as const
/** Somebody may be assigned to very many tasks. */
const REMOVE_MS = 120_000

const list = {
  config: mayRead,
  schema: {
    operationId: 'listProjectMembers',
    tags,
    summary: 'List who belongs to a project',
    description: 'Returns the owner and the members, those first who have belonged to it longest.',
    params: ProjectParams,
    querystring: ProjectMemberListQuery,
    response: responses({ 200: ref(ProjectMemberPage) }, 'not_found')
  }
} as const

const put = {
  config: mayWrite,
  schema: {
    operationId: 'putProjectMember',
    tags,
    summary: 'Add a member or change a role',
    description: md`
      Makes somebody a member with this role. For admins of the project, who may give \`editor\` and \`viewer\`, and for
      its owner. A user whom you cannot see is a 404.`,
    params: ProjectMemberParams,
    body: ref(ProjectMemberPut),
    response: responses(
      { 200: ref(ProjectMember) },
      'not_allowed',
      'quota_exceeded',
      'not_found',
      'project_owner'
    )
  }
} as const

const remove = {
  config: mayWrite,
  handlerTimeout: REMOVE_MS,
  schema: {
    operationId: 'removeProjectMember',
    tags,
    summary: 'Remove a member, or leave',
    description: md`
      Ends a membership; your own to leave the project. Tasks of the project that are assigned to this user are assigned
      to nobody afterwards.`,
    params: ProjectMemberParams,
    response: responses(
      { 204: NoContent('They do not belong to the project any more.') },
      'not_allowed',
      'not_found',
      'project_owner'
    )
  }
} as const

/** Who belongs to a project, and what they may do in it. */
export async function projectMemberRoutes(app: App, deps: Pick<Deps, 'db' | 'config' | 'secrets'>) {
  const { db, secrets } = deps
  const keys = cursors(deriveKeys(secrets, 'cursor'))

  app.get('/:project_id/members', list, async (request, reply) => {
    const { ctx, params, query } = request
    const page = await listMembers(db, keys, ctx, params.project_id.toLowerCase(), query)
    return addLinkHeader(request, reply, page)
  })
  app.put('/:project_id/members/:user_id', put, (request) => {
    const { project_id, user_id } = idsOf(request)
    return setMember(deps, request.ctx, project_id, user_id, request.body.role)
  })
  app.delete('/:project_id/members/:user_id', remove, async (request, reply) => {
    const { project_id, user_id } = idsOf(request)
    await removeMember(deps, request.ctx, project_id, user_id)
    return noContent(reply)
  })
}

const idsOf = ({ params }: { params: { project_id: string; user_id: string } }) => ({
  project_id: params.project_id.toLowerCase(),
  user_id: params.user_id.toLowerCase()
})

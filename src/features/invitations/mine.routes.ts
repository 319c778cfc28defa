import { deriveKeys } from '../../core/secrets.ts'
import { sendChanged } from '../../http/etag.ts'
import { paginateNewestFirst } from '../../http/pagination.ts'
import { noContent } from '../../http/replies.ts'
import { NoContent, ref, responses } from '../../http/schemas.ts'
import type { App } from '../../http/server.ts'
import { md } from '../../lib/md.ts'
import { Project } from '../projects/schema.ts'
import { acceptMine, declineMine } from './mine.ts'
import { listForUser } from './projects.queries.ts'
import {
  MyInvitationPage,
  MyInvitationParams,
  ProjectInvitationListQuery
} from './projects.schema.ts'
import type { InvitationDeps } from './routes.ts'

const tags = ['Projects']
const mayRead = { allow: 'user', scope: 'projects:read' } as const
const mayWrite = { allow: 'user', scope: 'projects:write' } as const

const list = {
  config: mayRead,
  schema: {
    operationId: 'listMyInvitations',
    tags,
    summary: 'List the invitations that you got',
    description: md`
      The projects that you are invited to, newest first: by your username, or by your email once it is confirmed.`,
    querystring: ProjectInvitationListQuery,
    response: responses({ 200: ref(MyInvitationPage) })
  }
} as const

const accept = {
  config: mayWrite,
  schema: {
    operationId: 'acceptInvitation',
    tags,
    summary: 'Accept an invitation to a project',
    description: md`
      Makes you a member with the role of the invitation, and returns the project. If you belong to it already, your
      role stays.`,
    params: MyInvitationParams,
    response: responses({ 200: ref(Project) }, 'quota_exceeded', 'not_found', 'invitation_over')
  }
} as const

const decline = {
  config: mayWrite,
  schema: {
    operationId: 'declineInvitation',
    tags,
    summary: 'Decline an invitation to a project',
    description: 'It cannot be accepted any more.',
    params: MyInvitationParams,
    response: responses({ 204: NoContent('You have declined it.') }, 'not_found', 'invitation_over')
  }
} as const

/** The invitations to projects that the caller got. */
export async function myInvitationRoutes(app: App, deps: InvitationDeps) {
  const page = paginateNewestFirst(deriveKeys(deps.secrets, 'cursor'))
  const idOf = ({ params }: { params: { invitation_id: string } }) =>
    params.invitation_id.toLowerCase()

  app.get('/', list, (request, reply) =>
    page(request, reply, {
      list: 'my_invitations',
      read: (limit, after) => listForUser(deps.db, request.caller.id, limit, after)
    })
  )
  app.post('/:invitation_id/accept', accept, async (request, reply) =>
    sendChanged(reply, await acceptMine(request.ctx, deps, idOf(request)))
  )
  app.post('/:invitation_id/decline', decline, async (request, reply) => {
    await declineMine(request.ctx, deps, idOf(request))
    return noContent(reply)
  })
}

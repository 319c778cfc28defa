import type { RequestContext } from '../../core/context.ts'
import { createEmailBudget, type EmailBudget } from '../../core/email-budget.ts'
import { Problem } from '../../core/problem.ts'
import { deriveKeys } from '../../core/secrets.ts'
import { IdempotencyKey, runIdempotent, sendStored } from '../../http/idempotency.ts'
import { paginateNewestFirst } from '../../http/pagination.ts'
import { noContent } from '../../http/replies.ts'
import { NoContent, ref, responses } from '../../http/schemas.ts'
import type { App } from '../../http/server.ts'
import { UNKNOWN_IP } from '../../lib/ip.ts'
import { md } from '../../lib/md.ts'
import { ProjectParams } from '../projects/schema.ts'
import {
  ProjectInvitationCreate,
  ProjectInvitationCreated,
  ProjectInvitationListQuery,
  ProjectInvitationPage,
  ProjectInvitationParams
} from './projects.schema.ts'
import { inviteToProject, listInvitationsOf, withdrawFromProject } from './projects.ts'
import type { InvitationDeps } from './routes.ts'

/** The budget of the installation is per minute, that of a network per hour. */
const EMAILS_RETRY_SECONDS = 60

const tags = ['Projects']
const mayRead = { allow: 'user', scope: 'projects:read' } as const
const mayWrite = { allow: 'user', scope: 'projects:write' } as const

const create = {
  config: mayWrite,
  schema: {
    operationId: 'createProjectInvitation',
    tags,
    summary: 'Invite somebody to a project',
    description: md`
      Invites by username or by email, for two weeks; whoever is invited finds it at \`listMyInvitations\`. For admins
      of the project, who may give \`editor\` and \`viewer\`, and for its owner. The response is the same whether there
      is such an account or not. An email is sent to an address, with a link to create an account and join, unless
      registration is closed; where \`EMAIL_ENABLED\` is off, the link is in \`invitation_url\` instead, once. Inviting
      the same person again replaces the earlier invitation. A project has up to 50 open invitations, and you can send
      20 an hour. Emails also count towards those that a network may ask for, and an address gets five an hour, whoever
      invites: beyond them an invitation is open, and no email says so.`,
    params: ProjectParams,
    headers: IdempotencyKey,
    body: ref(ProjectInvitationCreate),
    response: responses(
      { 201: ref(ProjectInvitationCreated) },
      'not_allowed',
      'quota_exceeded',
      'not_found',
      'idempotency_in_flight',
      'idempotency_key_reused'
    )
  }
} as const

const list = {
  config: mayRead,
  schema: {
    operationId: 'listProjectInvitations',
    tags,
    summary: 'List the open invitations to a project',
    description: md`
      Those that can be accepted, newest first. For admins of the project and its owner. An invitation is over when it
      was answered, withdrawn or has expired, and when whoever sent it may not invite any more.`,
    params: ProjectParams,
    querystring: ProjectInvitationListQuery,
    response: responses({ 200: ref(ProjectInvitationPage) }, 'not_allowed', 'not_found')
  }
} as const

const remove = {
  config: mayWrite,
  schema: {
    operationId: 'deleteProjectInvitation',
    tags,
    summary: 'Withdraw an invitation to a project',
    description: 'Nobody can accept it any more, and its link stops working.',
    params: ProjectInvitationParams,
    response: responses(
      { 204: NoContent('The invitation has been withdrawn.') },
      'not_allowed',
      'not_found'
    )
  }
} as const

/** Invitations to a project, for its admins and its owner. */
export async function projectInvitationRoutes(app: App, deps: InvitationDeps) {
  const page = paginateNewestFirst(deriveKeys(deps.secrets, 'cursor'))
  const emails = createEmailBudget(deps)

  app.post('/:project_id/invitations', create, async (request, reply) => {
    const projectId = request.params.project_id.toLowerCase()
    let invitation_url: string | null = null
    if (request.body.email !== undefined && deps.mail.isEnabled) {
      await takeEmail(emails, request.ctx)
    }
    const stored = await runIdempotent<ProjectInvitationCreated>(deps.db, request, async (tx) => {
      const created = await inviteToProject(tx, request.ctx, deps, projectId, request.body)
      invitation_url = created.invitation_url
      // What is stored for a repetition has no link.
      return { status: 201, headers: {}, body: { ...created, invitation_url: null } }
    })
    const body = stored.replayed ? stored.body : { ...stored.body, invitation_url }
    return sendStored(reply, { ...stored, body })
  })
  app.get('/:project_id/invitations', list, async (request, reply) => {
    const projectId = request.params.project_id.toLowerCase()
    const read = await listInvitationsOf(request.ctx, deps, projectId)
    return page(request, reply, { list: 'project_invitations', filter: [projectId], read })
  })
  app.delete('/:project_id/invitations/:invitation_id', remove, async (request, reply) => {
    const { project_id, invitation_id } = request.params
    const id = invitation_id.toLowerCase()
    await withdrawFromProject(request.ctx, deps, project_id.toLowerCase(), id)
    return noContent(reply)
  })
}

/** Anybody can sign up and invite: what they send to strangers counts like the emails that strangers ask for. */
async function takeEmail(emails: EmailBudget, { ip }: RequestContext): Promise<void> {
  if (!(await emails.take(ip ?? UNKNOWN_IP, false))) {
    throw new Problem('rate_limited', {
      detail: 'Too many emails have been asked for. Try again later, or invite by username.',
      headers: { 'retry-after': String(EMAILS_RETRY_SECONDS) }
    })
  }
}

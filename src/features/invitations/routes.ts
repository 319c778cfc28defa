import type { Deps } from '../../core/deps.ts'
import { deriveKeys } from '../../core/secrets.ts'
import { IdempotencyKey, runIdempotent, sendStored } from '../../http/idempotency.ts'
import { paginateNewestFirst } from '../../http/pagination.ts'
import { noContent } from '../../http/replies.ts'
import { NoContent, ref, responses } from '../../http/schemas.ts'
import type { App } from '../../http/server.ts'
import { md } from '../../lib/md.ts'
import type { IdentityDeps } from '../identity/service.ts'
import { listInvitations } from './queries.ts'
import {
  InvitationCreate,
  InvitationCreated,
  InvitationListQuery,
  InvitationPage,
  InvitationParams
} from './schema.ts'
import { inviteByEmail, withdraw } from './service.ts'

export type InvitationDeps = IdentityDeps & Pick<Deps, 'secrets'>

const tags = ['Invitations']
const config = { allow: 'admin' } as const

const create = {
  config,
  schema: {
    operationId: 'createInvitation',
    tags,
    summary: 'Invite somebody to create an account',
    description: md`Sends an email with a link that works once, for two weeks. The token in it is the
                    \`invitation_token\` of register: the new account has the role of the invitation, and its email is
                    confirmed if it is the one that was invited. Inviting the same email again sends another link, and
                    the earlier one stops working. Where \`EMAIL_ENABLED\` is off, the link is in \`invitation_url\`
                    instead, once: a repeated request with the same \`Idempotency-Key\` does not return it again.`,
    headers: IdempotencyKey,
    body: ref(InvitationCreate),
    response: responses(
      { 201: ref(InvitationCreated) },
      'registration_closed',
      'account_exists',
      'idempotency_in_flight',
      'idempotency_key_reused'
    )
  }
} as const

const list = {
  config,
  schema: {
    operationId: 'listInvitations',
    tags,
    summary: 'List open invitations',
    description: md`Those that can be accepted, newest first. An invitation is over when it was used, withdrawn or has
                    expired, and when whoever sent it is no admin any more.`,
    querystring: InvitationListQuery,
    response: responses({ 200: ref(InvitationPage) })
  }
} as const

const remove = {
  config,
  schema: {
    operationId: 'deleteInvitation',
    tags,
    summary: 'Withdraw an invitation',
    description: 'Its link stops working immediately.',
    params: InvitationParams,
    response: responses({ 204: NoContent('The invitation has been withdrawn.') }, 'not_found')
  }
} as const

/** Invitations to create an account, for admins. */
export async function invitationRoutes(app: App, deps: InvitationDeps) {
  const { db } = deps
  const page = paginateNewestFirst(deriveKeys(deps.secrets, 'cursor'))

  app.post('/', create, async (request, reply) => {
    let invitation_url: string | null = null
    const stored = await runIdempotent<InvitationCreated>(db, request, async (tx) => {
      const created = await inviteByEmail(tx, request.ctx, deps, request.body)
      invitation_url = created.invitation_url
      // What is stored for a repetition has no link.
      return { status: 201, headers: {}, body: { ...created, invitation_url: null } }
    })
    const body = stored.replayed ? stored.body : { ...stored.body, invitation_url }
    return sendStored(reply, { ...stored, body })
  })

  app.get('/', list, (request, reply) =>
    page(request, reply, {
      list: 'invitations',
      read: (limit, after) => listInvitations(db, limit, after)
    })
  )

  app.delete('/:invitation_id', remove, async (request, reply) => {
    const id = request.params.invitation_id.toLowerCase()
    await withdraw(request.ctx, deps, id)
    return noContent(reply)
  })
}

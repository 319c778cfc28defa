import { v7 as uuidv7 } from 'uuid'
import { audit } from '../../core/audit.ts'
import { consoleUrl } from '../../core/console-url.ts'
import { actingAs, actorOf, type RequestContext } from '../../core/context.ts'
import { invalidField, Problem } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import { type Tx, withTransaction } from '../../db/transaction.ts'
import { emailKey } from '../../lib/email.ts'
import { hashToken, randomToken } from '../../lib/token.ts'
import type { User } from '../identity/schema.ts'
import { accountExists, getUser, type IdentityDeps, isStillAdmin } from '../identity/service.ts'
import { invitationEmail } from './emails.ts'
import {
  findInvitationState,
  findOpenInvitation,
  type InvitationState,
  insertInvitation,
  lockOpenInvitation,
  storeAcceptance,
  withdrawInvitation
} from './queries.ts'
import type { InvitationCreate, InvitationCreated, OpenInvitation } from './schema.ts'

const DAYS = 14

/** Invites somebody to create an account: an email has the link, or the response where no email is sent. */
export async function inviteByEmail(
  tx: Tx,
  ctx: RequestContext,
  { config, mail }: IdentityDeps,
  { email: rawEmail, role = 'user' }: InvitationCreate
): Promise<InvitationCreated> {
  const email = emailKey(rawEmail)
  if (config.REGISTRATION === 'closed') {
    throw new Problem('registration_closed', {
      detail:
        'Nobody could accept it: REGISTRATION is closed. Create the account with POST /admin/users instead.'
    })
  }
  if (!(await isStillAdmin(tx, ctx.caller.id))) {
    throw new Problem('not_allowed')
  }
  if (await getUser(tx, { email })) {
    throw accountExists(['email'])
  }
  const token = randomToken()
  const invitation = await insertInvitation(tx, {
    id: uuidv7(),
    email,
    role,
    token_hash: hashToken(token),
    confirms_email: mail.isEnabled,
    invited_by: ctx.caller.id,
    days: DAYS
  })
  await audit.succeeded(tx, ctx, 'invitation.created', { invitation: invitation.id }, role)
  const url = consoleUrl(config, '/register', { invitation_token: token })
  if (!mail.isEnabled) {
    return { ...invitation, invitation_url: url }
  }
  const content = { url, expiresAt: invitation.expires_at, publicUrl: config.PUBLIC_URL }
  tx.afterCommit(() => void setImmediate(() => mail.send(invitationEmail(email, content))))
  return { ...invitation, invitation_url: null }
}

/** Withdraws an invitation, whose link stops working at once; a 404 when there is none that is pending. */
export const withdraw = (ctx: RequestContext, { db }: IdentityDeps, id: string): Promise<void> =>
  withTransaction(db, async (tx) => {
    if (!(await isStillAdmin(tx, ctx.caller.id))) {
      throw new Problem('not_allowed')
    }
    if (!(await withdrawInvitation(tx, id))) {
      throw new Problem('not_found')
    }
    await audit.succeeded(tx, ctx, 'invitation.withdrawn', { invitation: id })
  })

/** Finds the invitation of a token; a 400 that says why where it cannot be accepted. */
export async function getInvitation(db: Db, token: string): Promise<OpenInvitation> {
  const hash = hashToken(token)
  const invitation = await findOpenInvitation(db, hash)
  if (!invitation) {
    throw invalidInvitation(await findInvitationState(db, hash))
  }
  return invitation
}

/** Locks the invitation of a token until the transaction ends: of those who accept it at once, one does. */
export async function lockInvitation(tx: Tx, token: string): Promise<OpenInvitation> {
  const hash = hashToken(token)
  const invitation = await lockOpenInvitation(tx, hash)
  if (!invitation) {
    throw invalidInvitation(await findInvitationState(tx, hash))
  }
  return invitation
}

/** Uses up a locked invitation for the account that was created with it. */
export async function acceptInvitation(
  tx: Tx,
  ctx: RequestContext<null>,
  { id }: OpenInvitation,
  user: User
): Promise<void> {
  await storeAcceptance(tx, { id, accepted_by: user.id })
  await audit.succeeded(tx, actingAs(ctx, actorOf(user)), 'invitation.accepted', { invitation: id })
}

function invalidInvitation(state: InvitationState | undefined): Problem {
  const detail = `${reasonOf(state)} Ask an administrator for another one.`
  const { extras } = invalidField('body', '/invitation_token', 'invalid', detail)
  // A link that was right once is no guess.
  return new Problem('invalid_invitation', { detail, extras, isGuess: state === undefined })
}

function reasonOf(state: InvitationState | undefined): string {
  if (!state) {
    return 'There is no such invitation; if you got several emails, use the newest.'
  }
  if (state.isAccepted) {
    return 'The invitation has been used. If it was you, log in.'
  }
  if (state.isWithdrawn) {
    return 'The invitation was withdrawn.'
  }
  return state.isExpired ? 'The invitation has expired.' : 'The invitation is no longer valid.'
}

import { audit } from '../../core/audit.ts'
import { consoleUrl } from '../../core/console-url.ts'
import { type Actor, actingAs, actorOf, type RequestContext } from '../../core/context.ts'
import { invalidField, Problem } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import type { KeysetPosition } from '../../db/keyset.ts'
import { type Tx, withTransaction } from '../../db/transaction.ts'
import { emailKey } from '../../lib/email.ts'
import { hashToken, randomToken } from '../../lib/token.ts'
import { newId } from '../../lib/uuid.ts'
import type { User } from '../identity/schema.ts'
import { accountExists, getUser, type IdentityDeps, isStillAdmin } from '../identity/service.ts'
import { type JoiningDeps, joinProject } from '../project-access/service.ts'
import { invitationEmail } from './emails.ts'
import { listForUser, listSentBy } from './projects.queries.ts'
import {
  findInvitationState,
  findOpenInvitation,
  insertInvitation,
  keepForAccount,
  lockOpenInvitation,
  lockProjectOf,
  storeAcceptance,
  withdrawInvitation
} from './queries.ts'
import type { InvitationCreate, InvitationCreated, OpenInvitation } from './schema.ts'
import type { InvitationState } from './state.sql.ts'
import { describeState } from './state.ts'

/** Reads of the invitations that somebody has sent or got, a page at a time. */
export const readSentInvitations = (
  db: Db,
  userId: string,
  limit: number,
  after?: KeysetPosition
) => listSentBy(db, userId, limit, after)
export const readInvitationsFor = (db: Db, userId: string, limit: number, after?: KeysetPosition) =>
  listForUser(db, userId, limit, after)

export const DAYS = 14

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
    id: newId(),
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
  // The project first, as everywhere: those who wait for each other would never end.
  const found = await findOpenInvitation(tx, hash)
  if (found?.project_id) {
    await lockProjectOf(tx, found.project_id)
  }
  const invitation = await lockOpenInvitation(tx, hash)
  if (!invitation) {
    throw invalidInvitation(await findInvitationState(tx, hash))
  }
  return invitation
}

/** Uses up a locked invitation for the account that was created with it, which joins the project if it names one. */
export async function acceptInvitation(
  tx: Tx,
  ctx: RequestContext<null>,
  deps: JoiningDeps,
  invitation: OpenInvitation,
  user: User
): Promise<void> {
  const { id } = invitation
  const acting = actingAs(ctx, actorOf(user))
  if (await hasJoined(tx, acting, deps, invitation, user.id)) {
    await storeAcceptance(tx, { id, accepted_by: user.id })
    await recordAcceptance(tx, acting, invitation)
  } else {
    await keepForAccount(tx, { id, user_id: user.id })
  }
}

/** Where the invitation was created: in the log of the project that it names, or in its own. */
const recordAcceptance = (
  tx: Tx,
  ctx: RequestContext<Actor>,
  { id, project_id, project_role }: OpenInvitation
): Promise<void> =>
  project_id === null
    ? audit.succeeded(tx, ctx, 'invitation.accepted', { invitation: id })
    : audit.succeeded(
        tx,
        ctx,
        'project_invitation.accepted',
        { project: project_id },
        `${id} ${project_role}`
      )

/** Returns false where the project is full: the account has the invitation then, for when there is room. */
async function hasJoined(
  tx: Tx,
  ctx: RequestContext<Actor>,
  deps: JoiningDeps,
  { project_owner_id: owner_id, project_id: id, project_role: role }: OpenInvitation,
  user_id: string
): Promise<boolean> {
  if (!(owner_id && id && role)) {
    return true
  }
  try {
    await joinProject(tx, deps, ctx, { owner_id, id }, { user_id, role })
    return true
  } catch (error) {
    if (error instanceof Problem && error.code === 'quota_exceeded') {
      return false
    }
    throw error
  }
}

function invalidInvitation(state: InvitationState | undefined): Problem {
  const detail = `${describeState(state)} Ask an administrator for another one.`
  const { extras } = invalidField('body', '/invitation_token', 'invalid', detail)
  // A link that was right once is no guess.
  return new Problem('invalid_invitation', { detail, extras, isGuess: state === undefined })
}

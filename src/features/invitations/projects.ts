import { audit } from '../../core/audit.ts'
import { consoleUrl } from '../../core/console-url.ts'
import type { RequestContext } from '../../core/context.ts'
import { invalidField, Problem } from '../../core/problem.ts'
import type { KeysetPosition } from '../../db/keyset.ts'
import { type Tx, withTransaction } from '../../db/transaction.ts'
import { emailKey } from '../../lib/email.ts'
import { hashToken, randomToken } from '../../lib/token.ts'
import { newId } from '../../lib/uuid.ts'
import { getUser, type IdentityDeps } from '../identity/service.ts'
import { assertMayGive } from '../project-access/service.ts'
import { lockForChange, readProject } from '../projects/service.ts'
import { projectInvitationEmail } from './emails.ts'
import {
  countOpen,
  countSentUnderLock,
  countToEmailUnderLock,
  findPendingRole,
  insertProjectInvitation,
  listOfProject,
  withdrawEarlier,
  withdrawOne
} from './projects.queries.ts'
import type {
  ProjectInvitation,
  ProjectInvitationCreate,
  ProjectInvitationCreated
} from './projects.schema.ts'
import { DAYS } from './service.ts'

const MAX_OPEN = 50
const MAX_AN_HOUR = 20
const MAX_TO_EMAIL_AN_HOUR = 5

type Target = { email: string; username: null } | { email: null; username: string }

/**
 * Invites somebody to a project. What the caller learns is the same whoever has an account, or belongs to the project
 * already: for those who do, accepting changes nothing.
 */
export async function inviteToProject(
  tx: Tx,
  ctx: RequestContext,
  deps: IdentityDeps,
  projectId: string,
  { role, ...body }: ProjectInvitationCreate
): Promise<ProjectInvitationCreated> {
  const { config, mail } = deps
  const target = targetOf(body)
  const project = await lockForChange(tx, ctx, projectId, 'manage')
  assertMayGive(ctx.caller, project, role)
  await assertMayInvite(tx, ctx.caller.id)
  for (const earlier of await withdrawEarlier(tx, project, target)) {
    assertMayGive(ctx.caller, project, earlier)
  }
  if ((await countOpen(tx, project)) >= MAX_OPEN) {
    throw new Problem('quota_exceeded', {
      detail: `A project may have ${MAX_OPEN} open invitations. Withdraw some, or wait for an answer.`
    })
  }
  const isMailed = mail.isEnabled && target.email !== null && (await mayGetEmail(tx, target.email))
  const token =
    target.email === null || config.REGISTRATION === 'closed' ? undefined : randomToken()
  const { username } = target
  const user = username === null ? undefined : await getUser(tx, { username })
  const invitation = await insertProjectInvitation(tx, project, {
    id: newId(),
    ...target,
    user_id: user?.id ?? null,
    project_role: role,
    token_hash: token === undefined ? null : hashToken(token),
    confirms_email: mail.isEnabled,
    invited_by: ctx.caller.id,
    days: DAYS
  })
  const detail = `${invitation.id} ${role}`
  await audit.succeeded(tx, ctx, 'project_invitation.created', { project: projectId }, detail)
  const url =
    token === undefined ? null : consoleUrl(config, '/register', { invitation_token: token })
  if (isMailed) {
    sendLater(tx, deps, invitation, url)
  }
  return { ...invitation, invitation_url: mail.isEnabled ? null : url }
}

function targetOf({ email, username }: Omit<ProjectInvitationCreate, 'role'>): Target {
  if (email !== undefined && username === undefined) {
    return { email: emailKey(email), username: null }
  }
  if (username !== undefined && email === undefined) {
    return { email: null, username }
  }
  const [pointer, code] = username === undefined ? ['', 'required'] : ['/email', 'invalid']
  throw invalidField('body', pointer, code, 'Name whom to invite by one of username and email.')
}

/** What is above finds its way by the list of invitations: nobody is sent any number of emails by many accounts. */
const mayGetEmail = async (tx: Tx, email: string): Promise<boolean> =>
  (await countToEmailUnderLock(tx, email, MAX_TO_EMAIL_AN_HOUR)) < MAX_TO_EMAIL_AN_HOUR

async function assertMayInvite(tx: Tx, userId: string): Promise<void> {
  const { count, seconds } = await countSentUnderLock(tx, userId, MAX_AN_HOUR)
  if (count >= MAX_AN_HOUR) {
    throw new Problem('rate_limited', {
      detail: `You can send ${MAX_AN_HOUR} invitations an hour. Try again in ${seconds} s.`,
      headers: { 'retry-after': String(Math.max(1, seconds)) }
    })
  }
}

function sendLater(
  tx: Tx,
  { config, mail }: IdentityDeps,
  { email, expires_at: expiresAt }: ProjectInvitation,
  url: string | null
): void {
  if (email !== null) {
    const message = projectInvitationEmail(email, { url, expiresAt, publicUrl: config.PUBLIC_URL })
    tx.afterCommit(() => void setImmediate(() => mail.send(message)))
  }
}

/** Returns what lists the open invitations to a project, for those who may send some. */
export async function listInvitationsOf(
  ctx: RequestContext,
  { db }: IdentityDeps,
  projectId: string
) {
  const project = await readProject(db, ctx, projectId, 'manage')
  return (limit: number, after: KeysetPosition | undefined) =>
    listOfProject(db, project, limit, after)
}

/** Withdraws an invitation to a project; a 404 when there is none that is pending. */
export const withdrawFromProject = (
  ctx: RequestContext,
  { db }: IdentityDeps,
  projectId: string,
  id: string
): Promise<void> =>
  withTransaction(db, async (tx) => {
    const project = await lockForChange(tx, ctx, projectId, 'manage')
    const role = await findPendingRole(tx, project, id)
    if (role === undefined) {
      throw new Problem('not_found')
    }
    assertMayGive(ctx.caller, project, role)
    if (!(await withdrawOne(tx, project, id))) {
      throw new Problem('not_found')
    }
    const detail = `${id} ${role}`
    await audit.succeeded(tx, ctx, 'project_invitation.withdrawn', { project: projectId }, detail)
  })

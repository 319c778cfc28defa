import { type AuditEntry, audit } from '../../core/audit.ts'
import {
  type Actor,
  actingAs,
  actorOf,
  atLeast,
  type RequestContext,
  type Role
} from '../../core/context.ts'
import type { Deps } from '../../core/deps.ts'
import { Problem, unauthenticated } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import { type Tx, withTransaction } from '../../db/transaction.ts'
import { emailKey } from '../../lib/email.ts'
import { newId } from '../../lib/uuid.ts'
import { type LockedAccount, lockAccount } from './account-lock.ts'
import type { Codes } from './codes.ts'
import type { Credentials, VerifiedAccount } from './credentials.ts'
import { deleteLocked } from './deletion.ts'
import { emailChangedEmail } from './emails.ts'
import { type NoticeDeps, notices, notifyOwner } from './notices.ts'
import { deletePasswordLink } from './password-links.queries.ts'
import { lockForCredentialChange } from './reauthentication.ts'
import type { User } from './schema.ts'
import { withdrawInvitationsOf } from './sent-invitations.queries.ts'
import { listLiveSessions } from './sessions.queries.ts'
import type { Sessions } from './sessions.ts'
import {
  type Account,
  claimFirstAdmin,
  findUser,
  type Identifier,
  insertUser,
  lockCredentials,
  updateUser
} from './users.queries.ts'

export { isStillAdmin, type LockedAccount, lockAccount } from './account-lock.ts'
export type { Asker } from './codes.limits.ts'
export { replacePassword, type VerifiedAccount } from './credentials.ts'
export { accountExists, assertIdentified, mapUniqueViolation } from './identifiers.ts'
export { notices, notifyOwner } from './notices.ts'
export { createPasswordLink, type PasswordLink } from './password-links.ts'
export { lockForCredentialChange, withPassword, wrongPassword } from './reauthentication.ts'
export { findResetToken, type ResetToken, redeemResetToken } from './reset-tokens.ts'

/** The dependencies of all features about accounts. */
export type IdentityDeps = Pick<Deps, 'db' | 'config' | 'passwords' | 'mail'> & {
  credentials: Credentials
  sessions: Sessions
  codes: Codes
  /** Deletes what an account that has just been deleted has left, as far as that takes no time. Never throws. */
  purgeAccount: (id: string) => Promise<void>
}
export interface Profile {
  username?: string | undefined
  name?: string | null | undefined
}
export interface Registration {
  username?: string | undefined
  email?: string | undefined
  /** True when the email needs no confirmation. */
  email_verified?: boolean
  name?: string | undefined
  /** Null until the user chooses a password with a link. */
  password_hash: string | null
}
interface CreateOptions {
  role: Role
  mayBeFirstAdmin: boolean
  /** True for an account that its user does not create: the actor is then the caller. */
  isForOther?: boolean
}

/** Returns the roles of the users of those sessions that are active, by the sessions' ids. */
export const readLiveSessions = async (db: Db, ids: string[]): Promise<Map<string, Role>> =>
  new Map(
    (ids.length === 0 ? [] : await listLiveSessions(db, ids)).map(({ id, role }) => [id, role])
  )

/** Returns an account without its password, or undefined when there is none. */
export const getUser = (db: Db, identifier: Identifier): Promise<User | undefined> =>
  findUser(db, identifier)

/**
 * Creates an account; every way to create one ends here. With `mayBeFirstAdmin` the first account of the installation
 * becomes admin: a singleton row decides, so that of parallel first registrations exactly one does.
 */
export async function createUser(
  tx: Tx,
  ctx: RequestContext<Actor | null>,
  { username, email, email_verified = false, name, password_hash }: Registration,
  { role, mayBeFirstAdmin, isForOther = false }: CreateOptions
): Promise<User> {
  const id = newId()
  // Who was created by somebody else, or is an admin, leaves nobody the place of the first admin.
  const isFirst =
    (mayBeFirstAdmin || isForOther || role === 'admin') && (await claimFirstAdmin(tx, id))
  const user = await insertUser(tx, {
    id,
    password_hash,
    username: username ?? null,
    email: email === undefined ? null : emailKey(email),
    email_verified,
    name: name?.trim() ?? null,
    role: isFirst && mayBeFirstAdmin ? 'admin' : role
  })
  const subject = { user: id }
  if (isForOther) {
    await audit.succeeded(tx, ctx, 'user.created', subject, user.role)
  } else {
    await audit.succeeded(tx, actingAs(ctx, actorOf(user)), 'user.registered', subject, user.role)
  }
  return user
}

/**
 * Changes the caller's profile, in the caller's transaction. Another username needs the password, verified with this
 * request or entered a few minutes ago.
 */
export async function updateProfile(
  tx: Tx,
  ctx: RequestContext,
  deps: NoticeDeps,
  profile: Profile,
  verified?: VerifiedAccount
): Promise<User> {
  const { id } = ctx.caller
  const before = await findUser(tx, { id })
  const change = before && differencesFrom(before, profile)
  if (change?.username !== undefined) {
    await lockForCredentialChange(tx, ctx, { what: 'Another username', verified })
  }
  const fields = Object.keys(change ?? {})
  const user = change && fields.length > 0 ? await updateUser(tx, id, change) : before
  if (!user) {
    throw accountDeleted()
  }
  if (fields.length > 0) {
    await audit.succeeded(tx, ctx, 'user.profile_changed', { user: id }, fields.join(', '))
  }
  if (change?.username !== undefined) {
    notifyOwner(tx, deps, user, notices.usernameChanged)
  }
  return user
}

function differencesFrom(user: User, { username, name }: Profile): Profile {
  const trimmed = name?.trim() ?? null
  return {
    ...(username !== undefined && username !== user.username && { username }),
    ...(name !== undefined && trimmed !== user.name && { name: trimmed })
  }
}

/** The problem of a caller whose account was deleted after the request was authenticated. */
export const accountDeleted = (): Problem => unauthenticated('The account has been deleted.')

/**
 * Gives an account an email, confirmed or not, and notifies the one before. Returns undefined when the account has been
 * deleted or disabled.
 */
export async function setEmail(
  tx: Tx,
  { config, mail, sessions }: IdentityDeps,
  id: string,
  { email, isVerified }: { email: string; isVerified: boolean }
): Promise<{ before: string | null; user: User } | undefined> {
  const locked = await lockCredentials(tx, id)
  if (!locked || locked.disabled) {
    return undefined
  }
  const user = await updateUser(tx, id, { email, email_verified: isVerified })
  if (!user) {
    return undefined
  }
  await sessions.invalidateUser(tx, id)
  const before = locked.email
  if (before !== null && before !== email) {
    const to = { email: before, name: locked.email_verified ? user.name : null }
    const newEmail = locked.email_verified ? email : null
    tx.afterCommit(() => {
      const changedAt = new Date().toISOString()
      const { PUBLIC_URL: publicUrl } = config
      setImmediate(() => mail.send(emailChangedEmail(to, { newEmail, changedAt, publicUrl })))
    })
  }
  return { before, user }
}

/**
 * Changes role or access of a locked account. If it may do less than before, its sessions, links and
 * invitations end.
 */
export async function changeAccess(
  tx: Tx,
  ctx: RequestContext<Actor | null>,
  { sessions }: Pick<IdentityDeps, 'sessions'>,
  before: Account,
  change: { role?: Role; disabled?: boolean }
): Promise<Account> {
  const after = Object.keys(change).length > 0 ? await updateUser(tx, before.id, change) : before
  if (!after) {
    throw new Problem('not_found')
  }
  await sessions.invalidateUser(tx, before.id)
  await audit.succeededAll(tx, ctx, accessEntries(before, after))
  if (after.role === 'admin') {
    await claimFirstAdmin(tx, after.id)
  }
  if (after.disabled || !atLeast(after.role, before.role)) {
    await sessions.endAll(tx, ctx, before.id)
    await deletePasswordLink(tx, before.id)
    await withdrawInvitationsOf(tx, before.id)
  }
  return after
}

function accessEntries(before: Account, after: Account): AuditEntry[] {
  const entries: AuditEntry[] = []
  const subject = { user: before.id }
  if (before.role !== after.role) {
    const detail = `${before.role} to ${after.role}`
    entries.push({ action: 'user.role_changed', subject, detail })
  }
  if (before.disabled !== after.disabled) {
    entries.push({ action: after.disabled ? 'user.disabled' : 'user.enabled', subject })
  }
  return entries
}

/**
 * Deletes an account with its profile, sessions and tasks, unless `check` throws for what is locked. The audit log
 * keeps its id and forgets its name.
 */
export async function deleteAccount(
  ctx: RequestContext,
  { db, sessions, purgeAccount }: IdentityDeps,
  id: string,
  check: (locked: LockedAccount, tx: Tx) => Promise<void>
): Promise<void> {
  await withTransaction(db, async (tx) => {
    await check(await lockAccount(tx, id, ctx.caller.id), tx)
    await deleteLocked(tx, ctx, sessions, id)
  })
  await purgeAccount(id)
}

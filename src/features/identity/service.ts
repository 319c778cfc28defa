import { v7 as uuidv7 } from 'uuid'
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
import { type FieldError, Problem, unauthenticated } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import { classifyDbError } from '../../db/errors.ts'
import type { Tx } from '../../db/transaction.ts'
import { emailKey } from '../../lib/email.ts'
import { unassignUser } from '../tasks/service.ts'
import type { Codes } from './codes.ts'
import type { Credentials } from './credentials.ts'
import { emailChangedEmail } from './emails.ts'
import type { User } from './schema.ts'
import type { Sessions } from './sessions.ts'
import {
  type Account,
  claimFirstAdmin,
  deleteUser,
  findTaken,
  findUser,
  type Identifier,
  insertUser,
  lockCredentials,
  lockForDeletion,
  lockWithAdmins,
  updateUser
} from './users.queries.ts'

export type { Asker } from './codes.limits.ts'
export type { VerifiedAccount } from './credentials.ts'

/** The dependencies of all features about accounts. */
export type IdentityDeps = Pick<Deps, 'db' | 'config' | 'passwords' | 'mail'> & {
  credentials: Credentials
  sessions: Sessions
  codes: Codes
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
  password_hash: string
}

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
  { role, mayBeFirstAdmin }: { role: Role; mayBeFirstAdmin: boolean }
): Promise<User> {
  const id = uuidv7()
  const isFirst = (mayBeFirstAdmin || role === 'admin') && (await claimFirstAdmin(tx, id))
  const user = await insertUser(tx, {
    id,
    password_hash,
    username: username ?? null,
    email: email === undefined ? null : emailKey(email),
    email_verified,
    name: name?.trim() ?? null,
    role: isFirst ? 'admin' : role
  })
  await audit.succeeded(
    tx,
    actingAs(ctx, actorOf(user)),
    'user.registered',
    { user: id },
    user.role
  )
  return user
}

/** Runs a change of identifiers; when the unique index rejects it, throws a 409 that names the taken field. */
export async function mapUniqueViolation<T>(
  db: Db,
  identifiers: { username?: string | undefined; email?: string | undefined },
  change: () => Promise<T>
): Promise<T> {
  try {
    return await change()
  } catch (error) {
    if (classifyDbError(error) !== 'unique_violation') {
      throw error
    }
    const taken = await findTaken(db, identifiers)
    throw accountExists((['username', 'email'] as const).filter((field) => taken[field]))
  }
}

/** The problem of identifiers that belong to another account. */
export function accountExists(fields: ('username' | 'email')[]): Problem {
  const errors = fields.map(
    (field): FieldError => ({
      in: 'body',
      pointer: `/${field}`,
      code: 'taken',
      detail: `An account with this ${field} already exists.`
    })
  )
  return new Problem('account_exists', { extras: errors.length > 0 ? { errors } : {} })
}

/** Changes the caller's profile, in the caller's transaction. */
export async function updateProfile(
  tx: Tx,
  ctx: RequestContext,
  { username, name }: Profile
): Promise<User> {
  const { id } = ctx.caller
  const change = {
    ...(username !== undefined && { username }),
    ...(name !== undefined && { name: name?.trim() ?? null })
  }
  const fields = Object.keys(change)
  const user = fields.length > 0 ? await updateUser(tx, id, change) : await findUser(tx, { id })
  if (!user) {
    throw accountDeleted()
  }
  if (fields.length > 0) {
    await audit.succeeded(tx, ctx, 'user.profile_changed', { user: id }, fields.join(', '))
  }
  return user
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
  sessions.invalidateUser(tx, id)
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

export interface LockedAccount {
  /** Undefined when there is no such account. */
  account: Account | undefined
  /** True when this account alone is an active admin. */
  isLastAdmin: boolean
  /** The ids of all active admins. */
  adminIds: string[]
}

/** Locks an account together with every active admin, for a change that might leave none. */
export async function lockAccount(tx: Tx, id: string): Promise<LockedAccount> {
  const locked = await lockWithAdmins(tx, id)
  const adminIds = locked
    .filter(({ role, disabled }) => role === 'admin' && !disabled)
    .map((admin) => admin.id)
  return {
    account: locked.find((user) => user.id === id),
    isLastAdmin: adminIds.length === 1 && adminIds[0] === id,
    adminIds
  }
}

/** Changes role or access of a locked account. If it may do less than before, its sessions end. */
export async function changeAccess(
  tx: Tx,
  ctx: RequestContext,
  { sessions }: IdentityDeps,
  before: Account,
  change: { role?: Role; disabled?: boolean }
): Promise<Account> {
  const after = Object.keys(change).length > 0 ? await updateUser(tx, before.id, change) : before
  if (!after) {
    throw new Problem('not_found')
  }
  sessions.invalidateUser(tx, before.id)
  await audit.succeededAll(tx, ctx, accessEntries(before, after))
  if (after.disabled || !atLeast(after.role, before.role)) {
    await sessions.endAll(tx, ctx, before.id)
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

/** Deletes a locked account with its profile, sessions and tasks. The audit log still names it. */
export async function deleteAccount(
  tx: Tx,
  ctx: RequestContext,
  { sessions }: IdentityDeps,
  id: string
): Promise<void> {
  await lockForDeletion(tx, id)
  sessions.invalidateUser(tx, id)
  await audit.succeeded(tx, ctx, 'user.deleted', { user: id })
  await unassignUser(tx, ctx, id)
  await deleteUser(tx, id)
}

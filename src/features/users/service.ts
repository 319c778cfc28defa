import { v7 as uuidv7 } from 'uuid'
import { type OldActor as Actor, actorNamed, recordAudit, type Source } from '../../core/audit.ts'
import type { Caller, Role } from '../../core/context.ts'
import type { Deps } from '../../core/deps.ts'
import type { LoginThrottle } from '../../core/login-throttle.ts'
import { type FieldError, Problem, unauthenticated } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import { classifyDbError } from '../../db/errors.ts'
import { withTransaction } from '../../db/transaction.ts'
import type { Sessions } from '../sessions/service.ts'
import { unassignUser } from '../tasks/service.ts'
import {
  changeUser,
  claimFirstAdmin,
  findCredentials,
  findTaken,
  findUser,
  insertUser,
  lockCredentials,
  lockForRemoval,
  lockWithAdmins,
  removeUser
} from './queries.ts'
import type { AdminUser, MeUpdate, User } from './schema.ts'

export {
  type Credentials,
  countUsers,
  findCredentials,
  findUser,
  type Identifier,
  lockCredentials
} from './queries.ts'
export type { User } from './schema.ts'

export type UserDeps = Pick<Deps, 'db' | 'passwords'> & {
  sessions: Sessions
  throttle: LoginThrottle
}
export type Profile = Pick<MeUpdate, 'username' | 'name'>
/** A change of profile that includes the address. */
export type EmailChange = Profile & { email: string; current_password: string }
export type ChangeEmail = (
  actor: Actor & { address: string },
  id: string,
  change: EmailChange
) => Promise<User>
export interface Registration {
  username?: string | undefined
  email?: string | undefined
  name?: string | undefined
  password_hash: string
}

/**
 * Makes an account; every path that makes one comes through here. With `mayBeFirstAdmin` the first account of the
 * installation becomes admin: a singleton row decides, so that of parallel first registrations exactly one does.
 */
export async function createUser(
  tx: Db,
  { username, email, name, password_hash }: Registration,
  role: Role,
  mayBeFirstAdmin: boolean,
  source: Source
): Promise<User> {
  const id = uuidv7()
  const isFirst = (mayBeFirstAdmin || role === 'admin') && (await claimFirstAdmin(tx, id))
  const user = await insertUser(tx, {
    id,
    password_hash,
    username: username ?? null,
    email: email?.toLowerCase() ?? null,
    name: name?.trim() ?? null,
    role: isFirst ? 'admin' : role
  })
  await recordAudit(tx, {
    ...actorNamed(source, user),
    action: 'user.registered',
    outcome: 'succeeded',
    subject_type: 'user',
    subject_id: id,
    detail: user.role
  })
  return user
}

/** Runs a change of identifiers; the unique index decides, and its refusal becomes a 409 that names the taken field. */
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
    const errors = (['username', 'email'] as const)
      .filter((field) => taken[field])
      .map(
        (field): FieldError => ({
          in: 'body',
          pointer: `/${field}`,
          code: 'taken',
          detail: `An account with this ${field} exists.`
        })
      )
    throw new Problem('account_exists', { extras: errors.length > 0 ? { errors } : {} })
  }
}

/** Changes one's own profile. */
export async function updateMe(db: Db, actor: Actor, id: string, profile: Profile): Promise<User> {
  return mapUniqueViolation(db, profile, () =>
    withTransaction(db, (tx) => updateProfile(tx, actor, id, profile))
  )
}

/** The same in the caller's transaction, which refuses what is taken. */
export async function updateProfile(
  tx: Db,
  actor: Actor,
  id: string,
  { username, name }: Profile
): Promise<User> {
  const change = {
    ...(username !== undefined && { username }),
    ...(name !== undefined && { name: name?.trim() ?? null })
  }
  const fields = Object.keys(change)
  const user = fields.length > 0 ? await changeUser(tx, id, change) : await findUser(tx, id)
  // Deleted since the caller was recognised.
  if (!user) {
    throw unauthenticated('The account is gone.')
  }
  if (fields.length > 0) {
    await recordAudit(tx, {
      ...actor,
      action: 'user.profile_changed',
      outcome: 'succeeded',
      subject_type: 'user',
      subject_id: id,
      detail: fields.join(', ')
    })
  }
  return user
}

/** Gives an account an address, confirmed or not, in one update of its row; undefined when the account is gone or disabled. */
export async function setEmail(
  tx: Db,
  id: string,
  email: string,
  email_verified: boolean
): Promise<{ before: string | null; user: User } | undefined> {
  const locked = await lockCredentials(tx, id)
  if (!locked || locked.disabled) {
    return undefined
  }
  const user = await changeUser(tx, id, { email, email_verified })
  return user && { before: locked.email, user }
}

/**
 * Puts another hash in the place of `oldHash` (null means any) and ends the sessions that the old password opened, save
 * `keptSession`. Undefined when the account is gone, disabled, or has had another password since. Forget the ended sessions after the commit.
 */
export async function replacePassword(
  tx: Db,
  sessions: Sessions,
  actor: Actor,
  id: string,
  {
    oldHash,
    newHash,
    keptSession
  }: { oldHash: string | null; newHash: string; keptSession: string | null }
) {
  const user = await lockCredentials(tx, id)
  if (!user || user.disabled || (oldHash !== null && user.password_hash !== oldHash)) {
    return undefined
  }
  await changeUser(tx, id, { password_hash: newHash })
  await recordAudit(tx, {
    ...actor,
    action: 'user.password_changed',
    outcome: 'succeeded',
    subject_type: 'user',
    subject_id: id
  })
  return sessions.endAll(tx, actor, id, keptSession)
}

/** Keeps the same password under a new hash; for the caller that holds the lock. */
export async function rehashPassword(tx: Db, id: string, password_hash: string): Promise<void> {
  await changeUser(tx, id, { password_hash })
}

/** Deletes one's own account with everything in it. */
export async function deleteMe(
  { db, passwords, sessions, throttle }: UserDeps,
  actor: Actor & { address: string },
  { id }: Caller,
  password: string
): Promise<void> {
  const found = await findCredentials(db, { id })
  if (
    !(await throttle.attempt(id, actor.address, () =>
      passwords.verify(found?.password_hash, password)
    ))
  ) {
    await recordAudit(db, {
      ...actor,
      action: 'user.deleted',
      outcome: 'failed',
      subject_type: 'user',
      subject_id: id
    })
    throw new Problem('wrong_password')
  }
  await withTransaction(db, async (tx) => {
    const locked = await lockWithAdmins(tx, id)
    if (isLastAdmin(locked, id)) {
      throw new Problem('last_admin')
    }
    await deleteAccount(tx, actor, id)
  })
  sessions.invalidateUser(id)
}

/** Removes an account that is locked: profile, sessions, tasks. The audit log keeps who it was. */
export async function deleteAccount(tx: Db, actor: Actor, id: string): Promise<void> {
  await lockForRemoval(tx, id)
  await recordAudit(tx, {
    ...actor,
    action: 'user.deleted',
    outcome: 'succeeded',
    subject_type: 'user',
    subject_id: id
  })
  const { actor_id, actor_name: name, request_id: requestId, address: ip } = actor
  const ctx = { caller: { id: actor_id ?? id, name }, requestId, ip, userAgent: null }
  await unassignUser(tx, ctx, id)
  await removeUser(tx, id)
}

const isActiveAdmin = ({ role, disabled }: AdminUser): boolean => role === 'admin' && !disabled

/** True when, of the users that are locked, this one alone is an active admin. */
export function isLastAdmin(locked: AdminUser[], id: string): boolean {
  const admins = locked.filter(isActiveAdmin)
  return admins.length === 1 && admins[0]?.id === id
}

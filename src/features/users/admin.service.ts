import { type OldActor as Actor, type AuditFact, recordAudit } from '../../core/audit.ts'
import { atLeast, type Caller } from '../../core/context.ts'
import { Problem } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import { withTransaction } from '../../db/transaction.ts'
import { changeUser, lockWithAdmins } from './queries.ts'
import type { AdminUser, AdminUserUpdate } from './schema.ts'
import { deleteAccount, isLastAdmin, type UserDeps } from './service.ts'

type AdminDeps = Pick<UserDeps, 'db' | 'sessions'>

/** Changes role or access of somebody else; acts at once. Whoever may do less than before has to log in again. */
export async function updateUser(
  { db, sessions }: AdminDeps,
  actor: Actor,
  caller: Caller,
  id: string,
  { role, disabled }: AdminUserUpdate
): Promise<AdminUser> {
  const changed = await withTransaction(db, async (tx) => {
    const { target, isLast } = await lockTarget(tx, caller, id)
    const isOwn = id === caller.id
    const change = {
      ...(role !== undefined && role !== target.role && { role }),
      ...(disabled !== undefined && disabled !== target.disabled && { disabled })
    }
    if (isOwn && change.role) {
      throw new Problem('own_account', {
        detail: 'Nobody changes their own role. Another admin can.'
      })
    }
    if (isLast && change.disabled) {
      throw new Problem('last_admin')
    }
    if (isOwn && change.disabled) {
      throw new Problem('own_account', {
        detail: 'Nobody disables their own account. Another admin can.'
      })
    }
    const after = Object.keys(change).length > 0 ? await changeUser(tx, id, change) : target
    if (!after) {
      throw new Problem('not_found')
    }
    await recordAudit(tx, ...factsOf(actor, target, after))
    if (after.disabled || !atLeast(after.role, target.role)) {
      await sessions.endAll(tx, actor, id)
    }
    return after
  })
  sessions.invalidateUser(id)
  return changed
}

/** Deletes somebody else's account with everything in it. */
export async function deleteUser(
  { db, sessions }: AdminDeps,
  actor: Actor,
  caller: Caller,
  id: string
): Promise<void> {
  await withTransaction(db, async (tx) => {
    const { isLast } = await lockTarget(tx, caller, id)
    if (isLast) {
      throw new Problem('last_admin')
    }
    if (id === caller.id) {
      throw new Problem('own_account', {
        detail: 'Delete your own account under /me, with your password.'
      })
    }
    await deleteAccount(tx, actor, id)
  })
  sessions.invalidateUser(id)
}

/** Ends every session of a user. */
export async function endUserSessions(
  { db, sessions }: AdminDeps,
  actor: Actor,
  caller: Caller,
  id: string
): Promise<void> {
  await withTransaction(db, async (tx) => {
    await lockTarget(tx, caller, id)
    await sessions.endAll(tx, actor, id)
  })
  sessions.invalidateUser(id)
}

/** The guard's answer may be a second old, and another admin may have acted since: who acts must be an admin under the lock. */
async function lockTarget(
  tx: Db,
  caller: Caller,
  id: string
): Promise<{ target: AdminUser; isLast: boolean }> {
  const locked = await lockWithAdmins(tx, id)
  if (!locked.some((user) => user.id === caller.id && user.role === 'admin' && !user.disabled)) {
    throw new Problem('not_allowed')
  }
  const target = locked.find((user) => user.id === id)
  if (!target) {
    throw new Problem('not_found')
  }
  return { target, isLast: isLastAdmin(locked, id) }
}

function factsOf(actor: Actor, before: AdminUser, after: AdminUser): AuditFact[] {
  const fact = {
    ...actor,
    outcome: 'succeeded',
    subject_type: 'user',
    subject_id: before.id
  } as const
  return [
    ...(before.role === after.role
      ? []
      : [
          {
            ...fact,
            action: 'user.role_changed',
            detail: `${before.role} to ${after.role}`
          } as const
        ]),
    ...(before.disabled === after.disabled
      ? []
      : [{ ...fact, action: after.disabled ? 'user.disabled' : 'user.enabled' } as const])
  ]
}

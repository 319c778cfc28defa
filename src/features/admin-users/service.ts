import type { RequestContext } from '../../core/context.ts'
import { Problem } from '../../core/problem.ts'
import { type Tx, withTransaction } from '../../db/transaction.ts'
import { revokeAllKeys } from '../api-keys/service.ts'
import {
  changeAccess,
  deleteAccount,
  type IdentityDeps,
  type LockedAccount,
  lockAccount,
  notices,
  notifyOwner
} from '../identity/service.ts'
import type { AdminUser, AdminUserUpdate } from './schema.ts'

type LockedUser = LockedAccount & { account: AdminUser }

/** Changes role or access of another user, with immediate effect. */
export async function updateUser(
  ctx: RequestContext,
  deps: IdentityDeps,
  id: string,
  update: AdminUserUpdate
): Promise<AdminUser> {
  return withTransaction(deps.db, async (tx) => {
    const locked = await lockUserAsAdmin(tx, ctx, id)
    const change = changesOf(locked.account, update)
    assertAllowed(ctx, locked, change)
    return changeAccess(tx, ctx, deps, locked.account, change)
  })
}

/** Deletes another user's account with everything in it. */
export async function deleteUser(
  ctx: RequestContext,
  deps: IdentityDeps,
  id: string
): Promise<void> {
  await deleteAccount(ctx, deps, id, async (locked) => {
    if (assertByAdmin(locked).isLastAdmin) {
      throw new Problem('last_admin')
    }
    if (id === ctx.caller.id) {
      throw new Problem('own_account', {
        detail: 'Delete your own account under /me, with your password.'
      })
    }
  })
}

/** Ends every session of a user and revokes their API keys: whatever opens the account besides its password. */
export async function endUserSessions(
  ctx: RequestContext,
  deps: IdentityDeps,
  id: string
): Promise<void> {
  await withTransaction(deps.db, async (tx) => {
    const { account } = await lockUserAsAdmin(tx, ctx, id)
    const ended = await deps.sessions.endAll(tx, ctx, id)
    const revoked = await revokeAllKeys(tx, ctx, id)
    if (ended + revoked > 0) {
      notifyOwner(tx, deps, account, notices.accessEndedByAdmin)
    }
  })
}

/** Locks a user for a change by the caller, who must still be an admin. */
export const lockUserAsAdmin = async (
  tx: Tx,
  ctx: RequestContext,
  id: string
): Promise<LockedUser> => assertByAdmin(await lockAccount(tx, id, ctx.caller.id))

/** The guard's knowledge may be a second old: the caller must still be an admin under the lock. */
function assertByAdmin({ account, ...locked }: LockedAccount): LockedUser {
  if (!locked.isByAdmin) {
    throw new Problem('not_allowed')
  }
  if (!account) {
    throw new Problem('not_found')
  }
  return { ...locked, account }
}

const changesOf = (account: AdminUser, { role, disabled }: AdminUserUpdate): AdminUserUpdate => ({
  ...(role !== undefined && role !== account.role && { role }),
  ...(disabled !== undefined && disabled !== account.disabled && { disabled })
})

function assertAllowed(
  { caller }: RequestContext,
  { account, isLastAdmin }: LockedUser,
  change: AdminUserUpdate
): void {
  const isOwn = account.id === caller.id
  if (isOwn && change.role) {
    throw new Problem('own_account', {
      detail: 'You cannot change your own role. Ask another admin.'
    })
  }
  if (isLastAdmin && change.disabled) {
    throw new Problem('last_admin')
  }
  if (isOwn && change.disabled) {
    throw new Problem('own_account', {
      detail: 'You cannot disable your own account. Ask another admin.'
    })
  }
}

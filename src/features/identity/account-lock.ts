import type { Tx } from '../../db/transaction.ts'
import { type Account, findAccount, hasOtherAdmin, lockAdmins, lockUser } from './users.queries.ts'

export interface LockedAccount {
  /** Undefined when there is no such account. */
  account: Account | undefined
  /** True when this account alone is an active admin. */
  isLastAdmin: boolean
  /** True when who acts on it is an active admin, and remains one until the transaction ends. */
  isByAdmin: boolean
}

const isActiveAdmin = (account: Account | undefined): boolean =>
  account?.role === 'admin' && !account.disabled

/**
 * Locks an account for a change that the account `actorId` makes. The only lock that others may wait for is taken where
 * the account is an admin, so that whoever is no admin holds up nobody.
 */
export async function lockAccount(tx: Tx, id: string, actorId: string): Promise<LockedAccount> {
  const isGuarded = isActiveAdmin(await findAccount(tx, id))
  if (isGuarded) {
    await lockAdmins(tx)
  }
  const locked = new Map<string, Account | undefined>()
  // In one order, so that two who act on each other take turns.
  for (const each of [...new Set([id, actorId])].sort()) {
    locked.set(each, await lockUser(tx, each, each === id ? 'no key update' : 'share'))
  }
  const account = locked.get(id)
  if (isActiveAdmin(account) && !isGuarded) {
    await lockAdmins(tx)
  }
  return {
    account,
    isLastAdmin: isActiveAdmin(account) && !(await hasOtherAdmin(tx, id)),
    isByAdmin: isActiveAdmin(locked.get(actorId))
  }
}

/** Returns true when an account is an active admin, and keeps it one until the transaction ends. */
export const isStillAdmin = async (tx: Tx, id: string): Promise<boolean> =>
  isActiveAdmin(await lockUser(tx, id, 'share'))

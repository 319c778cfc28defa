import type { RequestContext } from '../../core/context.ts'
import { checkPassword } from '../../core/password-policy.ts'
import { Problem } from '../../core/problem.ts'
import { type Tx, withTransaction } from '../../db/transaction.ts'
import {
  assertIdentified,
  createPasswordLink,
  createUser,
  type IdentityDeps,
  isStillAdmin,
  type PasswordLink,
  type Registration
} from '../identity/service.ts'
import type { AdminUserCreate, AdminUserCreated } from './accounts.schema.ts'
import { lockUserAsAdmin } from './service.ts'

type NewAccount = Registration & Pick<AdminUserCreate, 'role'>

/** Checks a new account and hashes its password: neither belongs into a transaction. */
export async function prepareAccount(
  { config, passwords }: IdentityDeps,
  { password, ...profile }: AdminUserCreate
): Promise<NewAccount> {
  assertIdentified(profile)
  if (password === undefined) {
    return { ...profile, password_hash: null }
  }
  checkPassword(config, password, profile)
  return { ...profile, password_hash: await passwords.hash(password) }
}

/** Creates an account for somebody else, who gets a link to choose a password if it has none. */
export async function createAccount(
  tx: Tx,
  ctx: RequestContext,
  deps: IdentityDeps,
  { role = 'user', ...account }: NewAccount
): Promise<AdminUserCreated> {
  if (!(await isStillAdmin(tx, ctx.caller.id))) {
    throw new Problem('not_allowed')
  }
  const options = { role, mayBeFirstAdmin: false, isForOther: true } as const
  const user = await createUser(tx, ctx, account, options)
  const link =
    account.password_hash === null
      ? await createPasswordLink(tx, ctx, deps, user, { isNew: true })
      : undefined
  return { ...user, disabled: false, setup_url: link?.setup_url ?? null }
}

/** Lets another user choose a new password with a link. Until it is used, the old password stays valid. */
export async function resetUserPassword(
  ctx: RequestContext,
  deps: IdentityDeps,
  id: string
): Promise<PasswordLink> {
  return withTransaction(deps.db, async (tx) => {
    const { account } = await lockUserAsAdmin(tx, ctx, id)
    if (id === ctx.caller.id) {
      throw new Problem('own_account', {
        detail: 'Change your own password under /me/password, with the current one.'
      })
    }
    if (account.disabled) {
      throw new Problem('account_disabled', {
        detail: 'Enable the account first: nobody can use it now, with any password.'
      })
    }
    return createPasswordLink(tx, ctx, deps, account, { isNew: false })
  })
}

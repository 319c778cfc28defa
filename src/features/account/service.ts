import type { RequestContext } from '../../core/context.ts'
import { checkPassword } from '../../core/password-policy.ts'
import { Problem } from '../../core/problem.ts'
import { withTransaction } from '../../db/transaction.ts'
import { revokeAllKeys } from '../api-keys/service.ts'
import type { AccountStorage, User } from '../identity/schema.ts'
import {
  accountDeleted,
  deleteAccount,
  getUser,
  type IdentityDeps,
  mapUniqueViolation,
  notices,
  notifyOwner,
  type Profile,
  updateProfile,
  type VerifiedAccount,
  withPassword,
  wrongPassword
} from '../identity/service.ts'
import { findStorage } from './queries.ts'
import type { PasswordChange } from './schema.ts'

/** Returns how much an account stores, where that is limited and was measured. */
export async function readStorage(
  { db, config }: Pick<IdentityDeps, 'db' | 'config'>,
  id: string
): Promise<{ storage?: AccountStorage }> {
  const quota_bytes = config.MAX_STORAGE_MB_PER_USER * 1_048_576
  const measured = quota_bytes > 0 ? await findStorage(db, id) : undefined
  return measured ? { storage: { ...measured, quota_bytes } } : {}
}

/** Changes the caller's username or name. The username may need the password. */
export async function updateMe(
  ctx: RequestContext,
  deps: IdentityDeps,
  profile: Profile,
  password?: string
): Promise<User> {
  const { db } = deps
  const update = (verified?: VerifiedAccount) =>
    mapUniqueViolation(db, profile, () =>
      withTransaction(db, (tx) => updateProfile(tx, ctx, deps, profile, verified))
    )
  return password === undefined
    ? update()
    : withPassword(ctx, deps, { password, action: 'user.profile_changed' }, update)
}

/** Changes the caller's password. This session continues; the others end, and so do API keys unless they are kept. */
export async function changePassword(
  ctx: RequestContext,
  deps: IdentityDeps,
  { current_password: password, new_password, keep_api_keys: keepsKeys = false }: PasswordChange
): Promise<void> {
  const { db, config, passwords, credentials } = deps
  const { id, session_id: keptSession } = ctx.caller
  checkPassword(config, new_password, (await getUser(db, { id })) ?? {}, 'new_password')
  const action = 'user.password_changed'
  await withPassword(ctx, deps, { password, action }, async (checked) => {
    const newHash = await passwords.hash(new_password)
    await withTransaction(db, async (tx) => {
      if (!(await credentials.replace(tx, ctx, { checked, newHash, keptSession }))) {
        throw wrongPassword()
      }
      if (!keepsKeys) {
        await revokeAllKeys(tx, ctx, id)
      }
      notifyOwner(tx, deps, checked, notices.passwordChanged({ keepsKeys }))
    })
  })
}

/** Deletes the caller's account with everything in it. */
export async function deleteMe(
  ctx: RequestContext,
  deps: IdentityDeps,
  password: string
): Promise<void> {
  await withPassword(ctx, deps, { password, action: 'user.deleted' }, (verified) =>
    deleteAccount(ctx, deps, ctx.caller.id, async ({ account, isLastAdmin }, tx) => {
      if (!account) {
        throw accountDeleted()
      }
      if (isLastAdmin) {
        throw new Problem('last_admin')
      }
      if (!(await deps.credentials.lockUnchanged(tx, verified))) {
        throw wrongPassword()
      }
      notifyOwner(tx, deps, verified, notices.accountDeleted)
    })
  )
}

import { audit } from '../../core/audit.ts'
import type { RequestContext } from '../../core/context.ts'
import { checkPassword } from '../../core/password-policy.ts'
import { Problem } from '../../core/problem.ts'
import { withTransaction } from '../../db/transaction.ts'
import type { User } from '../identity/schema.ts'
import {
  accountDeleted,
  deleteAccount,
  getUser,
  type IdentityDeps,
  mapUniqueViolation,
  type Profile,
  updateProfile,
  type VerifiedAccount
} from '../identity/service.ts'
import type { PasswordChange } from './schema.ts'

/** Changes the caller's username or name. */
export async function updateMe(
  ctx: RequestContext,
  { db }: IdentityDeps,
  profile: Profile
): Promise<User> {
  return mapUniqueViolation(db, profile, () =>
    withTransaction(db, (tx) => updateProfile(tx, ctx, profile))
  )
}

/** Changes the caller's password; this session continues, the others end. */
export async function changePassword(
  ctx: RequestContext,
  deps: IdentityDeps,
  { current_password, new_password }: PasswordChange
): Promise<void> {
  const { db, config, passwords, credentials } = deps
  const { id } = ctx.caller
  checkPassword(config, new_password, (await getUser(db, { id })) ?? {}, 'new_password')
  const { verified } = await credentials.verify(ctx, { id }, current_password)
  const isReplaced =
    verified !== undefined &&
    (await replacePassword(ctx, deps, verified, await passwords.hash(new_password)))
  if (!isReplaced) {
    await audit.failed(db, ctx, 'user.password_changed', { user: id })
    throw wrongPassword()
  }
}

const replacePassword = (
  ctx: RequestContext,
  { db, credentials }: IdentityDeps,
  checked: VerifiedAccount,
  newHash: string
): Promise<boolean> =>
  withTransaction(db, (tx) =>
    credentials.replace(tx, ctx, { checked, newHash, keptSession: ctx.caller.session_id })
  )

/** The problem of a current password that is not right. */
export const wrongPassword = (): Problem =>
  new Problem('wrong_password', { detail: 'The current password is wrong.' })

/** Deletes the caller's account with everything in it. */
export async function deleteMe(
  ctx: RequestContext,
  deps: IdentityDeps,
  password: string
): Promise<void> {
  const { db, credentials } = deps
  const { id } = ctx.caller
  const { verified } = await credentials.verify(ctx, { id }, password)
  if (!verified) {
    await audit.failed(db, ctx, 'user.deleted', { user: id })
    throw new Problem('wrong_password')
  }
  await deleteAccount(ctx, deps, id, ({ account, isLastAdmin }) => {
    if (!account) {
      throw accountDeleted()
    }
    if (isLastAdmin) {
      throw new Problem('last_admin')
    }
  })
}

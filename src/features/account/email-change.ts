import { audit } from '../../core/audit.ts'
import type { RequestContext } from '../../core/context.ts'
import { Problem } from '../../core/problem.ts'
import { type Tx, withTransaction } from '../../db/transaction.ts'
import { emailKey } from '../../lib/email.ts'
import type { User } from '../identity/schema.ts'
import {
  type Asker,
  accountExists,
  getUser,
  type IdentityDeps,
  mapUniqueViolation,
  type Profile,
  setEmail,
  updateProfile,
  wrongPassword
} from '../identity/service.ts'

export interface EmailChange {
  email: string
  current_password: string
}

/**
 * Starts a change of the caller's email, together with other changes of the profile. The new email takes effect once it
 * is confirmed with the code that is sent to it, or immediately where emails are not confirmed.
 */
export async function changeEmail(
  ctx: RequestContext,
  deps: IdentityDeps,
  { email: rawEmail, current_password }: EmailChange,
  profile: Profile
): Promise<User> {
  const { db, credentials, codes } = deps
  const { id } = ctx.caller
  const email = emailKey(rawEmail)
  const { verified } = await credentials.verify(ctx, { id }, current_password)
  const asker = verified && codes.confirmsEmails ? await codes.admit(ctx, 'own') : undefined
  const user =
    verified &&
    (await mapUniqueViolation(db, { username: profile.username, email }, () =>
      withTransaction(db, async (tx) =>
        (await credentials.lockUnchanged(tx, verified))
          ? applyChange(
              tx,
              ctx,
              deps,
              { email, asker },
              await updateProfile(tx, ctx, deps, profile, verified)
            )
          : undefined
      )
    ))
  if (!user) {
    await audit.failed(db, ctx, 'user.email_change_requested', { user: id })
    throw wrongPassword()
  }
  return user
}

interface NewEmail {
  email: string
  asker: Asker | undefined
}

async function applyChange(
  tx: Tx,
  ctx: RequestContext,
  deps: IdentityDeps,
  { email, asker }: NewEmail,
  user: User
): Promise<User | undefined> {
  if (email === user.email) {
    return user
  }
  if (deps.codes.confirmsEmails) {
    await requestConfirmation(tx, ctx, deps, { email, asker }, user)
    return user
  }
  const changed = await setEmail(tx, deps, user.id, { email, isVerified: false })
  await audit.succeeded(tx, ctx, 'user.email_changed', { user: user.id })
  return changed?.user
}

async function requestConfirmation(
  tx: Tx,
  ctx: RequestContext,
  { codes }: IdentityDeps,
  { email, asker }: NewEmail,
  user: User
): Promise<void> {
  if (await getUser(tx, { email })) {
    throw accountExists(['email'])
  }
  if (!(await codes.sendVerification(tx, asker, user, email))) {
    throw new Problem('too_many_codes', {
      detail: 'A code was sent less than a minute ago, or too many recently. Try again later.',
      headers: { 'retry-after': '60' }
    })
  }
  await audit.succeeded(tx, ctx, 'user.email_change_requested', { user: user.id })
}

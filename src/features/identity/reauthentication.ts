import { audit } from '../../core/audit.ts'
import type { RequestContext } from '../../core/context.ts'
import type { Deps } from '../../core/deps.ts'
import { Problem, unauthenticated } from '../../core/problem.ts'
import type { Tx } from '../../db/transaction.ts'
import { md } from '../../lib/md.ts'
import type { Credentials, VerifiedAccount } from './credentials.ts'
import { findPasswordEntry } from './password-entry.queries.ts'
import type { User } from './schema.ts'
import { lockCredentials } from './users.queries.ts'

export interface PasswordUse {
  password: string
  /** What it is for, as the audit log names it. */
  action: string
}

/** Does what needs the caller's password. A wrong one gets a 403, and the audit log shows that the action failed. */
export async function withPassword<T>(
  ctx: RequestContext,
  { db, credentials }: Pick<Deps, 'db'> & { credentials: Credentials },
  { password, action }: PasswordUse,
  work: (verified: VerifiedAccount) => Promise<T>
): Promise<T> {
  const { id } = ctx.caller
  try {
    const { account, verified } = await credentials.verify(ctx, { id }, password)
    if (!verified) {
      // Its account is deleted or disabled meanwhile: the password may well have been right.
      throw !account || account.disabled
        ? unauthenticated('The session has ended. Log in again.')
        : wrongPassword()
    }
    return await work(verified)
  } catch (error) {
    if (error instanceof Problem && error.code === 'wrong_password') {
      await audit.failed(db, ctx, action, { user: id })
    }
    throw error
  }
}

/** The problem of a current password that is not right, or not any more. */
export const wrongPassword = (): Problem =>
  new Problem('wrong_password', { detail: 'The current password is wrong.' })

export interface CredentialChange {
  /** What it changes, as the beginning of a sentence. */
  what: string
  /** The account as it was when the password of this request was verified; absent where none was sent. */
  verified?: VerifiedAccount | undefined
}

/**
 * Locks the caller's account for a change of what opens it. Throws unless the password was sent with the request or
 * entered in this session a few minutes ago: a stolen token alone must not become a way in that outlives it. Under the
 * lock, so that a change of the password, which ends sessions and API keys, comes either before or after.
 */
export async function lockForCredentialChange(
  tx: Tx,
  { caller: { id, session_id } }: RequestContext,
  { what, verified }: CredentialChange
): Promise<User> {
  const locked = await lockCredentials(tx, id)
  const entry = await findPasswordEntry(tx, { session_id, user_id: id })
  if (!locked || locked.disabled || !entry) {
    throw unauthenticated('The session has ended. Log in again.')
  }
  const { password_hash, disabled, ...user } = locked
  if (verified && verified.password_hash !== password_hash) {
    throw wrongPassword()
  }
  if (!verified && !entry.isRecent) {
    throw passwordRequired(what)
  }
  return user
}

function passwordRequired(what: string): Problem {
  const detail = md`${what} needs your password, which you last entered more than five minutes ago in this session.
                    Send it as current_password.`
  return new Problem('password_required', {
    detail,
    extras: { errors: [{ in: 'body', pointer: '/current_password', code: 'required', detail }] }
  })
}

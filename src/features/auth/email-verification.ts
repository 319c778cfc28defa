import { audit } from '../../core/audit.ts'
import { actingAs, actorOf, type RequestContext } from '../../core/context.ts'
import { Problem } from '../../core/problem.ts'
import { type Tx, withTransaction } from '../../db/transaction.ts'
import { emailKey } from '../../lib/email.ts'
import { md } from '../../lib/md.ts'
import { normalizeCode } from '../../lib/one-time-code.ts'
import type { User } from '../identity/schema.ts'
import { type Asker, type IdentityDeps, mapUniqueViolation, setEmail } from '../identity/service.ts'

/** Sends the code for an email that is not confirmed yet; for any other does nothing, at the same cost. */
export async function requestVerification(
  ctx: RequestContext<null>,
  { db, codes }: IdentityDeps,
  rawEmail: string
): Promise<void> {
  if (!codes.confirmsEmails) {
    return
  }
  const email = emailKey(rawEmail)
  const found = await codes.findOwner(db, email)
  const owner = found?.email_verified ? undefined : found
  const asker = await codes.admit(ctx, owner)
  await withTransaction(db, async (tx) => {
    if (owner) {
      await audit.succeeded(tx, ctx, 'user.verification_requested', { user: owner.id })
    } else {
      await audit.failed(tx, ctx, 'user.verification_requested')
    }
    await codes.send(tx, asker, { purpose: 'email', email, owner })
  })
}

/** Sends the code for the email of a new account, in the transaction that creates the account. */
export async function sendSignUpCode(
  tx: Tx,
  { codes }: IdentityDeps,
  asker: Asker | undefined,
  user: User
): Promise<void> {
  if (user.email !== null && codes.confirmsEmails) {
    await codes.sendVerification(tx, asker, user, user.email)
  }
}

/**
 * Confirms an email with the code that was sent to it; the account that asked for the code then has exactly this email.
 * `caller` is the account that is logged in, if any.
 */
export async function confirmEmail(
  ctx: RequestContext<null>,
  deps: IdentityDeps,
  { email: rawEmail, otp }: { email: string; otp: string },
  caller: string | undefined
): Promise<void> {
  const { db, codes } = deps
  const email = emailKey(rawEmail)
  const entry = { email, code: normalizeCode(otp), caller }
  const codeId = await codes.findMatching(db, ctx, entry)
  const isConfirmed =
    codeId !== undefined &&
    (await mapUniqueViolation(db, { email }, () =>
      withTransaction(db, (tx) => redeemCode(tx, ctx, deps, codeId, email))
    ))
  if (!isConfirmed) {
    await audit.failed(db, ctx, 'user.email_verified')
    throw new Problem('invalid_code', {
      detail: md`The code is wrong, used or expired, or it was sent for another account. Request a new one,
                 and enter it while you are logged in.`
    })
  }
}

async function redeemCode(
  tx: Tx,
  ctx: RequestContext<null>,
  deps: IdentityDeps,
  codeId: string,
  email: string
): Promise<boolean> {
  const userId = await deps.codes.redeem(tx, codeId)
  const change = userId && (await setEmail(tx, deps, userId, { email, isVerified: true }))
  if (!change) {
    return false
  }
  const { user, before } = change
  const action = before === email ? 'user.email_verified' : 'user.email_changed'
  await audit.succeeded(tx, actingAs(ctx, actorOf(user)), action, { user: user.id })
  return true
}

/** Rejects a login whose password was right but whose email is not confirmed, where that is required. */
export async function assertVerified(
  ctx: RequestContext<null>,
  { db, config }: IdentityDeps,
  user: User
): Promise<void> {
  if (config.EMAIL_VERIFICATION !== 'required' || user.email === null || user.email_verified) {
    return
  }
  await audit.refused(db, actingAs(ctx, actorOf(user)), 'user.logged_in', { user: user.id })
  throw new Problem('email_unverified', {
    detail:
      'Confirm your email with the code that was sent to it. If it has expired, request another.'
  })
}

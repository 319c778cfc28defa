import { audit } from '../../core/audit.ts'
import { actingAs, actorOf, type RequestContext } from '../../core/context.ts'
import { checkPassword } from '../../core/password-policy.ts'
import { Problem } from '../../core/problem.ts'
import { type Tx, withTransaction } from '../../db/transaction.ts'
import { emailKey } from '../../lib/email.ts'
import { md } from '../../lib/md.ts'
import { normalizeCode } from '../../lib/one-time-code.ts'
import { hashToken, randomToken } from '../../lib/token.ts'
import { revokeAllKeys } from '../api-keys/service.ts'
import type { User } from '../identity/schema.ts'
import {
  findResetToken,
  type IdentityDeps,
  type ResetToken,
  redeemResetToken,
  setEmail
} from '../identity/service.ts'
import { passwordResetEmail } from './emails.ts'
import type { OtpCheck, PasswordReset, ResetGrant, ResetRequest } from './password-reset.schema.ts'

const TOKEN_MINUTES = 10

/** Sends the code that resets a password. Known and unknown emails run the same statements. */
export async function requestReset(
  ctx: RequestContext<null>,
  { db, codes }: IdentityDeps,
  rawEmail: string
): Promise<ResetRequest> {
  const email = emailKey(rawEmail)
  const owner = await codes.findOwner(db, email)
  const asker = await codes.admit(ctx, owner)
  const reset_id = await withTransaction(db, async (tx) => {
    if (owner) {
      await audit.succeeded(tx, ctx, 'user.reset_requested', { user: owner.id })
    } else {
      await audit.failed(tx, ctx, 'user.reset_requested')
    }
    return codes.send(tx, asker, { purpose: 'password_reset', email, owner })
  })
  return { reset_id }
}

/** Exchanges a right code for a reset token. Every other code is rejected in the same way. */
export async function verifyResetCode(
  ctx: RequestContext<null>,
  { db, codes }: IdentityDeps,
  { reset_id, otp }: OtpCheck
): Promise<ResetGrant> {
  const token = randomToken()
  const code = normalizeCode(otp)
  const codeId = await codes.verify(db, 'password_reset', reset_id.toLowerCase(), code)
  const isRedeemed =
    codeId !== undefined &&
    (await withTransaction(db, async (tx) => {
      const exchange = { hash: hashToken(token), minutes: TOKEN_MINUTES }
      const userId = await codes.redeem(tx, codeId, exchange)
      if (userId === undefined) {
        return false
      }
      await audit.succeeded(tx, ctx, 'user.reset_code_checked', { user: userId })
      return true
    }))
  if (!isRedeemed) {
    await audit.failed(db, ctx, 'user.reset_code_checked')
    throw new Problem('invalid_code', {
      detail: 'The code is wrong, used or expired. Request a new one.'
    })
  }
  return { reset_token: token }
}

/**
 * Sets a new password for the account that a reset token belongs to, ends its sessions and revokes its API keys. A
 * token that was sent to the stored email confirms it, too, and log-ins from this network are not blocked any more. The
 * policy comes first: a weak password does not use up the token.
 */
export async function resetPassword(
  ctx: RequestContext<null>,
  deps: IdentityDeps,
  { reset_token, new_password }: PasswordReset
): Promise<void> {
  const { db, config, passwords, credentials } = deps
  const token = await findResetToken(db, reset_token)
  const checked = token && (await credentials.find(token.userId))
  if (!token || !checked) {
    return rejectToken(ctx, deps)
  }
  checkPassword(config, new_password, checked, 'new_password')
  if (await passwords.verify(checked.password_hash, new_password, 'login')) {
    throw passwordReused()
  }
  const newHash = await passwords.hash(new_password)
  const isReset = await withTransaction(db, async (tx) => {
    const replacement = { checked, newHash, keptSession: null }
    const isReplaced =
      (await redeemResetToken(tx, token)) &&
      (await credentials.replace(tx, actingAs(ctx, actorOf(checked)), replacement))
    if (isReplaced) {
      await completeReset(tx, ctx, deps, { user: checked, token })
    }
    return isReplaced
  })
  if (!isReset) {
    return rejectToken(ctx, deps)
  }
}

function passwordReused(): Problem {
  const detail = 'This is the password that the account has. Choose another, or log in with it.'
  return new Problem('password_reused', {
    detail,
    extras: { errors: [{ in: 'body', pointer: '/new_password', code: 'reused', detail }] }
  })
}

async function completeReset(
  tx: Tx,
  anonymous: RequestContext<null>,
  deps: IdentityDeps,
  { user, token: { confirmsEmail, isLink } }: { user: User; token: ResetToken }
): Promise<void> {
  const { email, email_verified, id, name } = user
  const { mail, config, credentials } = deps
  const ctx = actingAs(anonymous, actorOf(user))
  if (email !== null && confirmsEmail) {
    await setEmail(tx, deps, id, { email, isVerified: true })
  }
  await revokeAllKeys(tx, ctx, id)
  await audit.succeeded(tx, ctx, 'user.password_reset', { user: id }, isLink ? 'link' : null)
  await credentials.liftBlocks(tx, ctx, user)
  if (email === null || !(email_verified || confirmsEmail)) {
    return
  }
  // Who signed up with an address of somebody else has chosen the name, too.
  const recipient = { email, name: email_verified ? name : null }
  const { PUBLIC_URL: publicUrl } = config
  tx.afterCommit(() => {
    const resetAt = new Date().toISOString()
    setImmediate(() => mail.send(passwordResetEmail(recipient, { resetAt, isLink, publicUrl })))
  })
}

async function rejectToken(ctx: RequestContext<null>, { db }: IdentityDeps): Promise<never> {
  await audit.failed(db, ctx, 'user.password_reset')
  throw new Problem('invalid_reset_token', {
    detail: md`The token is used or expired. Request a new code, or ask an administrator for a new
                link.`
  })
}

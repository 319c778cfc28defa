import { actorNamed, recordAudit, type Source, unknownActor } from '../../core/audit.ts'
import { Problem } from '../../core/problem.ts'
import { withTransaction } from '../../db/transaction.ts'
import { hashToken, randomToken } from '../../lib/token.ts'
import { revokeAllKeys } from '../api-keys/service.ts'
import { findCredentials, replacePassword, setEmail } from '../users/service.ts'
import { CODE_MINUTES } from './codes.ts'
import type { AuthDeps } from './deps.ts'
import { passwordChangedEmail, resetCodeEmail } from './emails.ts'
import { checkPassword } from './password-policy.ts'
import type { PasswordReset, ResetGrant, ResetRequest } from './password-reset.schema.ts'
import { findReader, findResetTokenOwner, redeemCode, redeemResetToken } from './queries.ts'

const TOKEN_MINUTES = 10

/** Starts a reset. Known and unknown addresses run through the same statements; the letter leaves after the answer. */
export async function requestReset(
  { db, config, mail, codes }: AuthDeps,
  email: string,
  source: Source
): Promise<ResetRequest> {
  const address = email.toLowerCase()
  const reader = await findReader(db, address)
  const { id, code } = await withTransaction(db, async (tx) => {
    await recordAudit(tx, {
      ...unknownActor(source),
      action: 'user.reset_requested',
      outcome: reader ? 'succeeded' : 'failed',
      subject_type: reader ? 'user' : null,
      subject_id: reader?.id ?? null
    })
    return codes.issue(tx, 'password_reset', address, reader)
  })
  if (reader && code !== undefined) {
    setImmediate(() =>
      mail.send(resetCodeEmail(reader, { code, minutes: CODE_MINUTES, origin: config.PUBLIC_URL }))
    )
  }
  return { reset_id: id }
}

/** Exchanges a right code for a reset token. Whatever is wrong is one identical refusal. */
export async function verifyResetCode(
  { db, codes }: AuthDeps,
  { reset_id, otp }: { reset_id: string; otp: string },
  source: Source
): Promise<ResetGrant> {
  const id = reset_id.toLowerCase()
  const fact = {
    ...unknownActor(source),
    action: 'user.reset_code_checked',
    subject_type: null,
    subject_id: null
  } as const
  const token = randomToken()
  const used =
    (await codes.verify(db, 'password_reset', id, otp)) &&
    (await withTransaction(db, async (tx) => {
      const holder = await redeemCode(tx, id, { hash: hashToken(token), minutes: TOKEN_MINUTES })
      if (holder) {
        await recordAudit(tx, {
          ...fact,
          outcome: 'succeeded',
          subject_type: 'user',
          subject_id: holder
        })
      }
      return holder !== undefined
    }))
  if (used) {
    return { reset_token: token }
  }
  await recordAudit(db, { ...fact, outcome: 'failed' })
  throw new Problem('invalid_code', {
    detail: 'The code is not right, was used, or is no longer valid. Ask for a new one.'
  })
}

/**
 * Replaces the password of whom the token stands for. Sessions end and keys die with the old one; the code came to the
 * stored address, so that this address is confirmed. The policy is asked first: a weak password does not use up the token.
 */
export async function resetPassword(
  { db, config, passwords, sessions, mail }: AuthDeps,
  { reset_token, new_password }: PasswordReset,
  source: Source
): Promise<void> {
  const hash = hashToken(reset_token)
  const holder = await findResetTokenOwner(db, hash)
  const user = holder === undefined ? undefined : await findCredentials(db, { id: holder })
  if (user?.email == null) {
    return refuseToken(db, source)
  }
  checkPassword(config, new_password, user, 'new_password')
  const newHash = await passwords.hash(new_password)
  const actor = actorNamed(source, user)
  const address = user.email
  const ended = await withTransaction(db, async (tx) => {
    if (!(await redeemResetToken(tx, hash))) {
      return undefined
    }
    const sessionsEnded = await replacePassword(tx, sessions, actor, user.id, {
      oldHash: user.password_hash,
      newHash,
      keptSession: null
    })
    if (!sessionsEnded) {
      return undefined
    }
    await setEmail(tx, user.id, address, true)
    await revokeAllKeys(tx, user.id, actor)
    await recordAudit(tx, {
      ...actor,
      action: 'user.password_reset',
      outcome: 'succeeded',
      subject_type: 'user',
      subject_id: user.id
    })
    return sessionsEnded
  })
  if (!ended) {
    return refuseToken(db, source)
  }
  sessions.invalidateUser(user.id)
  const at = new Date().toISOString()
  setImmediate(() =>
    mail.send(passwordChangedEmail({ address, name: user.name }, at, config.PUBLIC_URL))
  )
}

async function refuseToken(db: AuthDeps['db'], source: Source): Promise<never> {
  await recordAudit(db, {
    ...unknownActor(source),
    action: 'user.password_reset',
    outcome: 'failed',
    subject_type: null,
    subject_id: null
  })
  throw new Problem('invalid_reset_token', {
    detail: 'The token was used or is no longer valid. Ask for a new code.'
  })
}

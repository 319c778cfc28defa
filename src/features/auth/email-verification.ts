import type { Config } from '../../config.ts'
import {
  type OldActor as Actor,
  actorNamed,
  recordAudit,
  type Source,
  unknownActor
} from '../../core/audit.ts'
import { Problem } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import { withTransaction } from '../../db/transaction.ts'
import {
  type Credentials,
  type EmailChange,
  findCredentials,
  lockCredentials,
  mapUniqueViolation,
  setEmail,
  type User,
  updateProfile
} from '../users/service.ts'
import { CODE_MINUTES } from './codes.ts'
import type { AuthDeps } from './deps.ts'
import { emailChangedEmail, verificationCodeEmail } from './emails.ts'
import { findAccountFingerprint, findReader, redeemCode } from './queries.ts'

type Person = Pick<User, 'id' | 'name'>

/** Sends the code for an address that still has to be confirmed; for any other nothing happens, at the same cost. */
export async function requestVerification(
  deps: AuthDeps,
  email: string,
  source: Source
): Promise<void> {
  const { db, codes } = deps
  if (!confirmsAddresses(deps)) {
    return
  }
  const address = email.toLowerCase()
  const found = await findReader(db, address)
  const reader = found?.email_verified ? undefined : found
  const { code } = await withTransaction(db, async (tx) => {
    await recordAudit(tx, {
      ...unknownActor(source),
      action: 'user.verification_requested',
      outcome: reader ? 'succeeded' : 'failed',
      subject_type: reader ? 'user' : null,
      subject_id: reader?.id ?? null
    })
    return codes.issue(tx, 'email', address, reader)
  })
  if (reader && code !== undefined) {
    sendCode(deps, reader, address, code)
  }
}

/** Makes the code for a new account's address in the transaction of the account. What it gives sends the letter: for after the commit. */
export async function issueSignUpCode(tx: Db, deps: AuthDeps, user: User): Promise<() => void> {
  const { id, email } = user
  const code =
    email !== null && confirmsAddresses(deps) ? await issueFor(tx, deps, id, email) : undefined
  return () => {
    if (email !== null && code !== undefined) {
      sendCode(deps, user, email, code)
    }
  }
}

/** Confirms an address by the code that went there. The account takes exactly this address, and whoever reads the one before is told. */
export async function confirmEmail(
  deps: AuthDeps,
  { email, otp }: { email: string; otp: string },
  source: Source
): Promise<void> {
  const { db, codes, sessions } = deps
  const address = email.toLowerCase()
  const id = await codes.findMatching(db, 'email', address, otp)
  const bound =
    id === undefined
      ? undefined
      : await mapUniqueViolation(db, { email: address }, () =>
          withTransaction(db, async (tx) => {
            const holder = await redeemCode(tx, id)
            const change = holder && (await setEmail(tx, holder, address, true))
            if (change) {
              await recordAudit(tx, {
                ...actorNamed(source, change.user),
                action: change.before === address ? 'user.email_verified' : 'user.email_changed',
                outcome: 'succeeded',
                subject_type: 'user',
                subject_id: change.user.id
              })
            }
            return change
          })
        )
  if (!bound) {
    await recordAudit(db, {
      ...unknownActor(source),
      action: 'user.email_verified',
      outcome: 'failed',
      subject_type: null,
      subject_id: null
    })
    throw new Problem('invalid_code', {
      detail: 'The code is not right, was used, or is no longer valid. Ask for a new one.'
    })
  }
  sessions.invalidateUser(bound.user.id)
  tellOldAddress(deps, bound.before, bound.user)
}

/**
 * Starts the change of an address, together with whatever else of the profile is to change. The new address counts once
 * the code that goes there comes back; where addresses are not confirmed it counts at once.
 */
export async function changeEmail(
  deps: AuthDeps,
  actor: Actor & { address: string },
  id: string,
  { email, current_password, ...profile }: EmailChange
): Promise<User> {
  const { db, passwords, throttle } = deps
  const address = email.toLowerCase()
  const fact = { ...actor, subject_type: 'user', subject_id: id } as const
  const found = await findCredentials(db, { id })
  const isRight = await throttle.attempt(id, actor.address, () =>
    passwords.verify(found?.password_hash, current_password)
  )
  const changed =
    isRight &&
    (await mapUniqueViolation(db, { ...profile, email: address }, () =>
      withTransaction(db, async (tx) => {
        const locked = await lockCredentials(tx, id)
        if (locked?.password_hash !== found?.password_hash) {
          return undefined
        }
        const user = await updateProfile(tx, actor, id, profile)
        if (address === user.email) {
          return { user, after: () => {} }
        }
        if (!confirmsAddresses(deps)) {
          const bound = await setEmail(tx, id, address, false)
          await recordAudit(tx, { ...fact, action: 'user.email_changed', outcome: 'succeeded' })
          return (
            bound && {
              user: bound.user,
              after: () => tellOldAddress(deps, bound.before, bound.user)
            }
          )
        }
        if (await findCredentials(tx, { email: address })) {
          throw new Problem('account_exists', {
            extras: {
              errors: [
                {
                  in: 'body',
                  pointer: '/email',
                  code: 'taken',
                  detail: 'An account with this email exists.'
                }
              ]
            }
          })
        }
        const code = await issueFor(tx, deps, id, address)
        if (code === undefined) {
          throw new Problem('too_many_codes', {
            detail:
              'A code was sent a moment ago, or too many of late. Wait before you ask for another.',
            headers: { 'retry-after': '60' }
          })
        }
        await recordAudit(tx, {
          ...fact,
          action: 'user.email_change_requested',
          outcome: 'succeeded'
        })
        return { user, after: () => sendCode(deps, user, address, code) }
      })
    ))
  if (!changed) {
    await recordAudit(db, { ...fact, action: 'user.email_change_requested', outcome: 'failed' })
    throw new Problem('wrong_password', { detail: 'The current password is not right.' })
  }
  changed.after()
  return changed.user
}

/** Refuses a login whose password was right but whose address still has to be confirmed, where that is required. */
export async function assertVerified(
  { db, config }: AuthDeps,
  user: Credentials,
  source: Source
): Promise<void> {
  if (config.EMAIL_VERIFICATION !== 'required' || user.email === null || user.email_verified) {
    return
  }
  await recordAudit(db, {
    ...actorNamed(source, user),
    action: 'user.logged_in',
    outcome: 'refused',
    subject_type: 'user',
    subject_id: user.id
  })
  throw new Problem('email_unverified', {
    detail:
      'Confirm your address with the code that was sent to it; ask for another one if it has run out.'
  })
}

/** Whether addresses are confirmed here at all: it takes a mailer. */
const confirmsAddresses = ({ config, mail }: { config: Config; mail: AuthDeps['mail'] }): boolean =>
  config.EMAIL_VERIFICATION !== 'off' && mail.isEnabled

async function issueFor(
  tx: Db,
  { codes }: AuthDeps,
  id: string,
  address: string
): Promise<string | undefined> {
  const account_fingerprint = await findAccountFingerprint(tx, id)
  return account_fingerprint === undefined
    ? undefined
    : (await codes.issue(tx, 'email', address, { id, account_fingerprint })).code
}

/** Letters leave after the answer, so that nothing of them shows in its time. */
function sendCode(
  { config, mail }: AuthDeps,
  { name }: Pick<Person, 'name'>,
  address: string,
  code: string
): void {
  setImmediate(() =>
    mail.send(
      verificationCodeEmail(
        { address, name },
        { code, minutes: CODE_MINUTES, origin: config.PUBLIC_URL }
      )
    )
  )
}

function tellOldAddress(
  { config, mail }: AuthDeps,
  before: string | null,
  { email, name }: User
): void {
  if (before === null || email === null || before === email) {
    return
  }
  const at = new Date().toISOString()
  setImmediate(() =>
    mail.send(emailChangedEmail({ address: before, name }, email, at, config.PUBLIC_URL))
  )
}

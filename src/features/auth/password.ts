import { type OldActor as Actor, recordAudit } from '../../core/audit.ts'
import type { Caller } from '../../core/context.ts'
import { Problem } from '../../core/problem.ts'
import { withTransaction } from '../../db/transaction.ts'
import { findCredentials, replacePassword } from '../users/service.ts'
import type { AuthDeps } from './deps.ts'
import { checkPassword } from './password-policy.ts'
import type { PasswordChange } from './schema.ts'

/** Changes one's own password; this session stays, the others end. */
export async function changePassword(
  { db, config, passwords, sessions, throttle }: AuthDeps,
  actor: Actor & { address: string },
  { id, session_id }: Caller,
  { current_password, new_password }: PasswordChange
): Promise<void> {
  const found = await findCredentials(db, { id })
  checkPassword(config, new_password, found ?? {}, 'new_password')
  const oldHash = found?.password_hash ?? null
  const newHash = (await throttle.attempt(id, actor.address, () =>
    passwords.verify(oldHash, current_password)
  ))
    ? await passwords.hash(new_password)
    : undefined
  const ended =
    oldHash !== null && newHash
      ? await withTransaction(db, (tx) =>
          replacePassword(tx, sessions, actor, id, { oldHash, newHash, keptSession: session_id })
        )
      : undefined
  if (!ended) {
    await recordAudit(db, {
      ...actor,
      action: 'user.password_changed',
      outcome: 'failed',
      subject_type: 'user',
      subject_id: id
    })
    throw new Problem('wrong_password', { detail: 'The current password is not right.' })
  }
  sessions.invalidate(ended)
}

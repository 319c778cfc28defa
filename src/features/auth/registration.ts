import type { Config } from '../../config.ts'
import { audit } from '../../core/audit.ts'
import type { RequestContext } from '../../core/context.ts'
import { checkPassword } from '../../core/password-policy.ts'
import { invalidField, Problem } from '../../core/problem.ts'
import { withTransaction } from '../../db/transaction.ts'
import { isLoopback } from '../../lib/ip.ts'
import { md } from '../../lib/md.ts'
import {
  assertIdentified,
  createUser,
  type IdentityDeps,
  mapUniqueViolation,
  type Registration
} from '../identity/service.ts'
import { sendSignUpCode } from './email-verification.ts'
import type { TokenSet } from './schema.ts'

export type SignUp = Pick<Registration, 'username' | 'email' | 'name'> & { password: string }

/** Creates an account and its first session in one transaction, where `REGISTRATION` allows it. */
export async function register(
  ctx: RequestContext<null>,
  deps: IdentityDeps,
  { password, ...profile }: SignUp
): Promise<TokenSet> {
  const { db, config, passwords } = deps
  await assertOpen(ctx, deps)
  checkIdentifiers(config, profile)
  checkPassword(config, password, profile)
  const password_hash = await passwords.hash(password)
  const sendsCode = profile.email !== undefined && deps.codes.confirmsEmails
  const asker = sendsCode ? await deps.codes.admit(ctx, 'own') : undefined
  try {
    return await mapUniqueViolation(db, profile, () =>
      withTransaction(db, async (tx) => {
        const options = { role: 'user', mayBeFirstAdmin: mayBeFirstAdmin(ctx, deps) } as const
        const user = await createUser(tx, ctx, { ...profile, password_hash }, options)
        await deps.credentials.recordOpened(tx, ctx, user.id)
        await sendSignUpCode(tx, deps, asker, user)
        return deps.sessions.start(tx, ctx, user)
      })
    )
  } catch (error) {
    if (error instanceof Problem) {
      await audit.failed(db, ctx, 'user.registered')
    }
    throw error
  }
}

const HOW_TO_GET_IN = {
  invite: md`New accounts need an invitation here. Ask an administrator for one, and sign up with the link in its
             email. The first administrator is created with the command create-admin.`,
  closed: md`Nobody can sign up here. Ask an administrator to create an account for you. The first administrator is
             created with the command create-admin.`
}

/** Comes before everything else: whoever may not sign up learns nothing of existing accounts. */
async function assertOpen(
  ctx: RequestContext<null>,
  { db, config: { REGISTRATION: mode } }: IdentityDeps
): Promise<void> {
  if (mode !== 'open') {
    await audit.refused(db, ctx, 'user.registered')
    throw new Problem('registration_closed', { detail: HOW_TO_GET_IN[mode] })
  }
}

/** True where the first account becomes admin, and for those whom that is left to. */
const mayBeFirstAdmin = ({ ip }: RequestContext<null>, { config }: IdentityDeps): boolean =>
  config.FIRST_USER_ADMIN === 'local' ? isLoopback(ip ?? '') : config.FIRST_USER_ADMIN

function checkIdentifiers(
  { EMAIL_VERIFICATION }: Pick<Config, 'EMAIL_VERIFICATION'>,
  { username, email }: Pick<SignUp, 'username' | 'email'>
): void {
  if (EMAIL_VERIFICATION === 'required' && email === undefined) {
    const detail = 'An email is required here, and is confirmed with a code.'
    throw invalidField('body', '/email', 'required', detail)
  }
  assertIdentified({ username, email })
}

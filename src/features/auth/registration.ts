import type { Config } from '../../config.ts'
import { audit } from '../../core/audit.ts'
import type { RequestContext } from '../../core/context.ts'
import { checkPassword } from '../../core/password-policy.ts'
import { invalidField, Problem, type ProblemCode } from '../../core/problem.ts'
import { type Tx, withTransaction } from '../../db/transaction.ts'
import { emailKey } from '../../lib/email.ts'
import { isLoopback } from '../../lib/ip.ts'
import { md } from '../../lib/md.ts'
import type { User } from '../identity/schema.ts'
import {
  assertIdentified,
  createUser,
  type IdentityDeps,
  mapUniqueViolation,
  type Registration
} from '../identity/service.ts'
import type { OpenInvitation } from '../invitations/schema.ts'
import { acceptInvitation, getInvitation, lockInvitation } from '../invitations/service.ts'
import { sendSignUpCode } from './email-verification.ts'
import type { TokenSet } from './schema.ts'

export type SignUp = Pick<Registration, 'username' | 'email' | 'name'> & {
  password: string
  invitation_token?: string | undefined
}

/** Creates an account and its first session in one transaction, where `REGISTRATION` allows it. */
export async function register(
  ctx: RequestContext<null>,
  deps: IdentityDeps,
  signUp: SignUp
): Promise<TokenSet> {
  await assertOpen(ctx, deps, signUp.invitation_token)
  try {
    return await signUpOnce(ctx, deps, signUp)
  } catch (error) {
    if (error instanceof Problem && NOTEWORTHY.has(error.code)) {
      await audit.failed(deps.db, ctx, 'user.registered')
    }
    throw error
  }
}

const NOTEWORTHY = new Set<ProblemCode>(['account_exists', 'invalid_invitation'])

async function signUpOnce(
  ctx: RequestContext<null>,
  deps: IdentityDeps,
  { password, invitation_token: token, ...profile }: SignUp
): Promise<TokenSet> {
  const { db, config, passwords, codes } = deps
  const invitation = token === undefined ? undefined : await getInvitation(db, token)
  checkIdentifiers(config, profile)
  checkPassword(config, password, profile)
  const password_hash = await passwords.hash(password)
  const needsCode = profile.email !== undefined && !confirms(invitation, profile.email)
  const asker = needsCode && codes.confirmsEmails ? await codes.admit(ctx, 'own') : undefined
  return mapUniqueViolation(db, profile, () =>
    withTransaction(db, async (tx) => {
      const user = await createInvited(tx, ctx, deps, { ...profile, password_hash }, token)
      await deps.credentials.recordOpened(tx, ctx, user.id)
      if (needsCode) {
        await sendSignUpCode(tx, deps, asker, user)
      }
      return deps.sessions.start(tx, ctx, user)
    })
  )
}

/** Creates the account, with what its invitation grants if there is one. */
async function createInvited(
  tx: Tx,
  ctx: RequestContext<null>,
  deps: IdentityDeps,
  account: Registration,
  token: string | undefined
): Promise<User> {
  const invitation = token === undefined ? undefined : await lockInvitation(tx, token)
  const email_verified = confirms(invitation, account.email)
  const user = await createUser(
    tx,
    ctx,
    { ...account, email_verified },
    { role: invitation?.role ?? 'user', mayBeFirstAdmin: mayBeFirstAdmin(ctx, deps) }
  )
  if (invitation) {
    await acceptInvitation(tx, ctx, deps, invitation, user)
  }
  return user
}

/** Whoever has the token reads the mailbox that it was sent to, and no other. */
const confirms = (invitation: OpenInvitation | undefined, email: string | undefined): boolean =>
  invitation?.confirms_email === true && email !== undefined && invitation.email === emailKey(email)

const HOW_TO_GET_IN = {
  invite: md`New accounts need an invitation here. Ask an administrator for one, and sign up with the link in its
             email. The first administrator is created with the command create-admin.`,
  closed: md`Nobody can sign up here. Ask an administrator to create an account for you. The first administrator is
             created with the command create-admin.`
}

/** Comes before everything else: whoever may not sign up learns nothing of existing accounts. */
async function assertOpen(
  ctx: RequestContext<null>,
  { db, config: { REGISTRATION: mode } }: IdentityDeps,
  token: string | undefined
): Promise<void> {
  if (mode === 'closed' || (mode === 'invite' && token === undefined)) {
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

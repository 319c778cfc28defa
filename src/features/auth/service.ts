import type { Config } from '../../config.ts'
import { audit } from '../../core/audit.ts'
import { actingAs, actorOf, type RequestContext } from '../../core/context.ts'
import { checkPassword } from '../../core/password-policy.ts'
import { invalidField, Problem } from '../../core/problem.ts'
import { withTransaction } from '../../db/transaction.ts'
import { isLoopback } from '../../lib/ip.ts'
import {
  createUser,
  type IdentityDeps,
  mapUniqueViolation,
  type Registration,
  type VerifiedAccount
} from '../identity/service.ts'
import { assertVerified, sendSignUpCode } from './email-verification.ts'
import type { TokenSet } from './schema.ts'

export type SignUp = Pick<Registration, 'username' | 'email' | 'name'> & { password: string }
export type LoginName = { username: string } | { email: string }

/** Attempts of one login: it is repeated when the account changes between the check of its password and the lock. */
const MAX_ATTEMPTS = 3

/** Creates an account and its first session in one transaction. */
export async function register(
  ctx: RequestContext<null>,
  deps: IdentityDeps,
  { password, ...profile }: SignUp
): Promise<TokenSet> {
  const { db, config, passwords } = deps
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
  if (username === undefined && email === undefined) {
    throw invalidField('body', '/username', 'required', 'Give a username, an email, or both.')
  }
}

/** Opens a session. Unknown, disabled and wrong get the same response at the same cost. */
export async function login(
  ctx: RequestContext<null>,
  deps: IdentityDeps,
  name: LoginName,
  password: string
): Promise<TokenSet> {
  for (let attempt = 1; ; attempt++) {
    const { account, verified } = await deps.credentials.verify(ctx, name, password)
    const tokens = verified && (await openSession(ctx, deps, verified, password))
    if (tokens) {
      return tokens
    }
    if (!verified || attempt === MAX_ATTEMPTS) {
      await audit.failed(deps.db, ctx, 'user.logged_in', account && { user: account.id })
      throw badCredentials()
    }
  }
}

/** Opens a session for an account whose password was just verified; returns undefined when it has changed since. */
async function openSession(
  ctx: RequestContext<null>,
  deps: IdentityDeps,
  verified: VerifiedAccount,
  password: string
): Promise<TokenSet | undefined> {
  const { db, passwords, credentials, sessions } = deps
  await assertVerified(ctx, deps, verified)
  const newHash = passwords.needsRehash(verified.password_hash)
    ? await passwords.hash(password)
    : undefined
  return withTransaction(db, async (tx) => {
    const user = await credentials.lockUnchanged(tx, verified)
    if (!user) {
      return undefined
    }
    if (newHash) {
      await credentials.rehash(tx, user.id, newHash)
    }
    const tokens = await sessions.start(tx, ctx, user)
    await audit.succeeded(tx, actingAs(ctx, actorOf(user)), 'user.logged_in', { user: user.id })
    return tokens
  })
}

/** Spends a refresh token for the next token set. */
export async function refresh(
  ctx: RequestContext<null>,
  { db, sessions }: IdentityDeps,
  refreshToken: string
): Promise<TokenSet> {
  const tokens = await withTransaction(db, (tx) => sessions.refresh(tx, ctx, refreshToken))
  if (!tokens) {
    const isGuess = await sessions.handleRejectedRefresh(ctx, refreshToken)
    throw badCredentials({ detail: 'The refresh token is not valid. Log in again.', isGuess })
  }
  return tokens
}

function badCredentials(options: { detail?: string; isGuess?: boolean } = {}): Problem {
  return new Problem('bad_credentials', {
    ...options,
    headers: { 'www-authenticate': 'Bearer' }
  })
}

import { audit } from '../../core/audit.ts'
import { actingAs, actorOf, type RequestContext } from '../../core/context.ts'
import { Problem } from '../../core/problem.ts'
import { withTransaction } from '../../db/transaction.ts'
import type { IdentityDeps, VerifiedAccount } from '../identity/service.ts'
import { assertVerified } from './email-verification.ts'
import type { TokenSet } from './schema.ts'

export type LoginName = { username: string } | { email: string }

/** Attempts of one login: it is repeated when the account changes between the check of its password and the lock. */
const MAX_ATTEMPTS = 3

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

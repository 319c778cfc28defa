import { actorNamed, recordAudit, unknownActor } from '../../core/audit.ts'
import { invalidField, Problem } from '../../core/problem.ts'
import { withTransaction } from '../../db/transaction.ts'
import type { Client } from '../sessions/service.ts'
import {
  type Credentials,
  createUser,
  findCredentials,
  findUser,
  type Identifier,
  lockCredentials,
  mapUniqueViolation,
  type Registration,
  rehashPassword
} from '../users/service.ts'
import type { AuthDeps } from './deps.ts'
import { assertVerified, issueSignUpCode } from './email-verification.ts'
import { checkPassword } from './password-policy.ts'
import type { TokenSet } from './schema.ts'

/** How often a login is tried again because the account changed between the check of its password and the lock. */
const MAX_TRIES = 3

/** Opens an account and its first session in one transaction. */
export async function register(
  deps: AuthDeps,
  { password, ...person }: Omit<Registration, 'password_hash'> & { password: string },
  client: Client
): Promise<TokenSet> {
  const { db, config, passwords, sessions } = deps
  if (person.username === undefined && person.email === undefined) {
    throw invalidField('body', '/username', 'required', 'Give a username, an email, or both.')
  }
  checkPassword(config, password, person)
  const password_hash = await passwords.hash(password)
  try {
    const { tokens, sendLetter } = await mapUniqueViolation(db, person, () =>
      withTransaction(db, async (tx) => {
        const user = await createUser(
          tx,
          { ...person, password_hash },
          'user',
          config.FIRST_USER_ADMIN,
          client
        )
        const { tokens } = await sessions.start(tx, user, client)
        return { tokens: { ...tokens, user }, sendLetter: await issueSignUpCode(tx, deps, user) }
      })
    )
    sendLetter()
    return tokens
  } catch (error) {
    if (error instanceof Problem) {
      await recordAudit(db, {
        ...unknownActor(client),
        action: 'user.registered',
        outcome: 'failed',
        subject_type: null,
        subject_id: null
      })
    }
    throw error
  }
}

/** Opens a session. Unknown, disabled and wrong look the same and cost the same. */
export async function login(
  deps: AuthDeps,
  identifier: Identifier,
  password: string,
  client: Client
): Promise<TokenSet> {
  const { db, passwords, throttle } = deps
  for (let attempt = 1; ; attempt++) {
    const found = await findCredentials(db, identifier)
    const isRight = await throttle.attempt(found?.id ?? nameOf(identifier), client.address, () =>
      passwords.verify(found?.disabled ? null : found?.password_hash, password)
    )
    const tokens = found && isRight ? await open(deps, found, password, client) : undefined
    if (tokens) {
      return tokens
    }
    if (!isRight || attempt === MAX_TRIES) {
      await recordAudit(db, {
        ...unknownActor(client),
        action: 'user.logged_in',
        outcome: 'failed',
        subject_type: found ? 'user' : null,
        subject_id: found?.id ?? null
      })
      throw badCredentials()
    }
  }
}

/** How the throttle knows somebody who does not exist. */
const nameOf = (identifier: Identifier): string => Object.values(identifier)[0] as string

/** Opens a session for an account whose password was right a moment ago; undefined when the account has changed since. */
async function open(
  deps: AuthDeps,
  checked: Credentials,
  password: string,
  client: Client
): Promise<TokenSet | undefined> {
  const { db, passwords, sessions } = deps
  await assertVerified(deps, checked, client)
  const oldHash = checked.password_hash as string
  const newHash = passwords.needsRehash(oldHash) ? await passwords.hash(password) : undefined
  const opened = await withTransaction(db, async (tx) => {
    const locked = await lockCredentials(tx, checked.id)
    // Whoever changed the password or disabled the account meanwhile has ended its sessions: this one must not slip in behind.
    if (!locked || locked.disabled || locked.password_hash !== oldHash) {
      return undefined
    }
    if (newHash) {
      await rehashPassword(tx, checked.id, newHash)
    }
    const { password_hash, disabled, ...user } = locked
    const { tokens, evicted } = await sessions.start(tx, user, client)
    await recordAudit(tx, {
      ...actorNamed(client, user),
      action: 'user.logged_in',
      outcome: 'succeeded',
      subject_type: 'user',
      subject_id: user.id
    })
    return { evicted, tokens: { ...tokens, user } }
  })
  if (opened) {
    sessions.invalidate(opened.evicted)
  }
  return opened?.tokens
}

/** Spends a refresh token for the next token set. */
export async function refresh(
  { db, sessions }: AuthDeps,
  refreshToken: string,
  client: Client
): Promise<TokenSet> {
  const tokens = await withTransaction(db, async (tx) => {
    const session = await sessions.rotate(tx, refreshToken)
    const user = session && (await findUser(tx, session.user_id))
    if (!user) {
      return undefined
    }
    await recordAudit(tx, {
      ...actorNamed(client, user),
      action: 'session.refreshed',
      outcome: 'succeeded',
      subject_type: 'session',
      subject_id: session.session_id
    })
    return { ...sessions.tokens(session.session_id, user, session.refresh_token), user }
  })
  if (tokens) {
    return tokens
  }
  await sessions.handleRejectedRefresh(refreshToken, client)
  throw badCredentials('The refresh token is not valid. Log in again.')
}

function badCredentials(detail?: string): Problem {
  return new Problem('bad_credentials', {
    ...(detail && { detail }),
    headers: { 'www-authenticate': 'Bearer' }
  })
}

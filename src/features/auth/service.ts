import type { Config } from '../../config.ts'
import { isProduction } from '../../config.ts'
import type { Deps } from '../../core/deps.ts'
import { invalidField, Problem } from '../../core/problem.ts'
import { transact } from '../../db/transact.ts'
import type { Client, Sessions } from '../sessions/service.ts'
import { createUser, findCredentials, findUser, refuseTaken, type Registration } from '../users/service.ts'
import type { TokenSet } from './schema.ts'

const MAX_PASSWORD_BYTES = 512

export type AuthDeps = Pick<Deps, 'db' | 'config' | 'passwords'> & { sessions: Sessions }
export type Identifier = { username: string } | { email: string }

/** Opens an account and its first session in one transaction. */
export async function register ({ db, config, passwords, sessions }: AuthDeps, { password, ...person }: Omit<Registration, 'password_hash'> & { password: string }, client: Client): Promise<TokenSet> {
  if (person.username === undefined && person.email === undefined) throw invalidField('body', '/username', 'required', 'Give a username, an email, or both.')
  checkPassword(config, password)
  const password_hash = await passwords.hash(password)
  return refuseTaken(db, person, () => transact(db, async (tx) => {
    const user = await createUser(tx, { ...person, password_hash }, 'user', config.FIRST_USER_ADMIN ?? !isProduction(config))
    return { ...await sessions.start(tx, user, client), user }
  }))
}

/** Opens a session. Unknown, disabled and wrong look the same and cost the same. */
export async function login ({ db, passwords, sessions }: AuthDeps, identifier: Identifier, password: string, client: Client): Promise<TokenSet> {
  const found = await findCredentials(db, identifier)
  const isRight = await passwords.verify(found?.disabled ? null : found?.password_hash, password)
  if (!found || !isRight) throw new Problem('bad_credentials', { headers: { 'www-authenticate': 'Bearer' } })
  const { password_hash, disabled, ...user } = found
  return { ...await transact(db, (tx) => sessions.start(tx, user, client)), user }
}

/** Spends a refresh token for the next token set. */
export async function refresh ({ db, sessions }: AuthDeps, refreshToken: string): Promise<TokenSet> {
  const { user_id, session_id, refresh_token } = await sessions.rotate(refreshToken)
  const user = await findUser(db, user_id)
  if (!user) throw new Problem('bad_credentials', { headers: { 'www-authenticate': 'Bearer' } })
  return { ...sessions.tokens(session_id, user, refresh_token), user }
}

/** Refuses a password that the policy does not allow, and says why. */
export function checkPassword (config: Config, password: string): void {
  if ([...password].length < config.PASSWORD_MIN_LENGTH) throw invalidField('body', '/password', 'too_short', `password must have at least ${config.PASSWORD_MIN_LENGTH} characters.`)
  if (Buffer.byteLength(password) > MAX_PASSWORD_BYTES) throw invalidField('body', '/password', 'too_long', `password must have at most ${MAX_PASSWORD_BYTES} bytes.`)
}

import { audit } from '../../core/audit.ts'
import type { Actor, Caller, RequestContext } from '../../core/context.ts'
import type { Deps } from '../../core/deps.ts'
import type { LoginIdentifier, LoginThrottle } from '../../core/login-throttle.ts'
import type { PasswordWork } from '../../core/passwords.ts'
import type { Tx } from '../../db/transaction.ts'
import { emailKey } from '../../lib/email.ts'
import { UNKNOWN_IP } from '../../lib/ip.ts'
import { storePasswordEntry } from './password-entry.queries.ts'
import type { User } from './schema.ts'
import type { Sessions } from './sessions.ts'
import {
  type Account,
  findCredentials,
  type Identifier,
  lockCredentials,
  type StoredCredentials,
  updateUser
} from './users.queries.ts'

/** An account as it was read: what depends on it only happens while its password is still the same. */
export type CheckedAccount = Pick<StoredCredentials, 'id' | 'password_hash'>
export type VerifiedAccount = Account & { password_hash: string }
export interface PasswordCheck {
  /** The account behind the identifier, if there is one. */
  account?: Account | undefined
  /** The same account, if the password is right. */
  verified?: VerifiedAccount | undefined
}
export interface PasswordReplacement {
  checked: CheckedAccount
  newHash: string
  /** The session that does not end. */
  keptSession: string | null
}

/** The passwords of accounts; created once for each app. */
export interface Credentials {
  /**
   * Compares a password and counts the attempt. Unknown and disabled accounts cost the same and never match. A right
   * one counts as entered in the caller's session, if there is one.
   */
  verify(
    ctx: RequestContext<Caller | null>,
    identifier: Identifier,
    password: string
  ): Promise<PasswordCheck>
  /** Returns an account as it is now, for a change of its password that a token allows. */
  find(id: string): Promise<(Account & CheckedAccount) | undefined>
  /**
   * Locks an account that was checked. Returns undefined when it has been deleted, disabled or given another password
   * since: that change ended its sessions, and this one must not slip in behind it.
   */
  lockUnchanged(tx: Tx, checked: CheckedAccount): Promise<User | undefined>
  /**
   * Replaces a password and ends the sessions that it opened, except `keptSession`. Returns false when the account has
   * changed as above.
   */
  replace(tx: Tx, ctx: RequestContext<Actor>, replacement: PasswordReplacement): Promise<boolean>
  /** Remembers that an account was opened from this client's network. */
  recordOpened(tx: Tx, ctx: RequestContext<Actor | null>, id: string): Promise<void>
  /** Lifts the blocks that others have caused for an account, so that its owner can log in from this network. */
  liftBlocks(tx: Tx, ctx: RequestContext<Actor>, user: User): Promise<void>
  /** Stores the same password under a new hash, for the caller that holds the lock. */
  rehash(tx: Tx, id: string, newHash: string): Promise<void>
}

export type CredentialsDeps = Pick<Deps, 'db' | 'passwords'> & {
  sessions: Sessions
  throttle: LoginThrottle
}

export function createCredentials(deps: CredentialsDeps): Credentials {
  const { db, sessions, throttle } = deps
  return {
    verify: (ctx, identifier, password) => verify(ctx, deps, identifier, password),
    find: (id) => findCredentials(db, { id }),
    lockUnchanged,

    async replace(tx, ctx, { checked, newHash, keptSession }) {
      const user = await lockUnchanged(tx, checked)
      return (
        user !== undefined &&
        replacePassword(tx, ctx, { sessions }, { id: user.id, newHash, keptSession })
      )
    },

    recordOpened: (tx, ctx, id) => throttle.recordOpened(tx, id, ctx.ip ?? UNKNOWN_IP),

    liftBlocks: (tx, ctx, { id, username, email }) =>
      throttle.lift(tx, id, identifiersOf({ id, username, email }), ctx.ip ?? UNKNOWN_IP),

    async rehash(tx, id, newHash) {
      await updateUser(tx, id, { password_hash: newHash })
    }
  }
}

/** Replaces a password, whatever it was, and ends sessions as above. Returns false when there is no such account. */
export async function replacePassword(
  tx: Tx,
  ctx: RequestContext<Actor | null>,
  { sessions }: { sessions: Sessions },
  { id, newHash, keptSession = null }: { id: string; newHash: string; keptSession?: string | null }
): Promise<boolean> {
  if (!(await updateUser(tx, id, { password_hash: newHash }))) {
    return false
  }
  await audit.succeeded(tx, ctx, 'user.password_changed', { user: id })
  await sessions.endAll(tx, ctx, id, keptSession)
  return true
}

async function verify(
  ctx: RequestContext<Caller | null>,
  { db, passwords, throttle }: CredentialsDeps,
  identifier: Identifier,
  password: string
): Promise<PasswordCheck> {
  const account = await findCredentials(db, identifier)
  const hash = account?.disabled ? null : account?.password_hash
  const [used] = identifiersOf(identifier)
  const isRight = await throttle.attempt(
    { ...(used as LoginIdentifier), account: account?.id },
    ctx.ip ?? UNKNOWN_IP,
    (isKnownNetwork) => passwords.verify(hash, password, kindOf(ctx, isKnownNetwork))
  )
  if (!isRight || !account || hash == null) {
    return { account }
  }
  if (ctx.caller?.session_id) {
    const { session_id } = ctx.caller
    await storePasswordEntry(db, { session_id, user_id: account.id }, hash)
  }
  return { account, verified: { ...account, password_hash: hash } }
}

function kindOf({ caller }: RequestContext<Caller | null>, isKnownNetwork: boolean): PasswordWork {
  if (caller) {
    return 'other'
  }
  return isKnownNetwork ? 'known_login' : 'login'
}

/** Lists what an account can be named by. */
const identifiersOf = (
  names: {
    [kind in LoginIdentifier['kind']]?: string | null
  }
): LoginIdentifier[] =>
  (['id', 'username', 'email'] as const).flatMap((kind) => {
    const text = names[kind]
    return text == null ? [] : [{ kind, text: kind === 'email' ? emailKey(text) : text }]
  })

async function lockUnchanged(tx: Tx, checked: CheckedAccount): Promise<User | undefined> {
  const locked = await lockCredentials(tx, checked.id)
  if (!locked || locked.disabled || locked.password_hash !== checked.password_hash) {
    return undefined
  }
  const { password_hash, disabled, ...user } = locked
  return user
}

import { pino } from 'pino'
import type { Config } from '../config.ts'
import { type RequestContext, type Role, systemRequestId } from '../core/context.ts'
import { createMail } from '../core/mail.ts'
import { checkPassword } from '../core/password-policy.ts'
import { createPasswords } from '../core/passwords.ts'
import { Problem } from '../core/problem.ts'
import type { Db } from '../db/client.ts'
import type { KeysetPosition } from '../db/keyset.ts'
import { userRole } from '../db/tables/users.ts'
import { withTransaction } from '../db/transaction.ts'
import { listUsers } from '../features/admin-users/queries.ts'
import { revokeAllKeys } from '../features/api-keys/service.ts'
import type { User } from '../features/identity/schema.ts'
import {
  changeAccess,
  createUser,
  getUser,
  lockAccount,
  mapUniqueViolation,
  notices,
  notifyOwner,
  replacePassword
} from '../features/identity/service.ts'
import { createSessions, type Sessions } from '../features/identity/sessions.ts'
import { terminalText } from '../lib/terminal-text.ts'
import { checkDisplayName, checkNames, type Names } from './account-names.ts'
import { CommandError, loadConfig, migrateConfigured, openConfiguredDatabase } from './bootstrap.ts'
import { readPassword } from './password-prompt.ts'

export interface UsersFlags extends Names {
  name?: string | undefined
  role?: string | undefined
}
interface Run {
  db: Db
  config: Config
  sessions: Sessions
  mail: ReturnType<typeof createMail>
  ctx: RequestContext<null>
}
/** Reads and checks what it needs, before the database is open; the result works on the database. */
type Subcommand = (
  args: string[],
  flags: UsersFlags,
  config: Config
) => Promise<(run: Run) => Promise<void>> | ((run: Run) => Promise<void>)

const PAGE_ROWS = 500
const ROLES: readonly string[] = userRole.enumValues

const SUBCOMMANDS: Record<string, Subcommand> = {
  list: () => list,
  create: async (_args, flags, config) => {
    checkNames(flags)
    checkDisplayName(flags.name)
    roleOf(flags.role ?? 'user')
    return create(flags, await readNewPassword(config, flags))
  },
  'set-role': ([user, role]) => setAccess(nameOf(user), { role: roleOf(role) }),
  'set-password': async ([user], _flags, config) =>
    setPassword(nameOf(user), await readNewPassword(config, { username: user })),
  enable: ([user]) => setAccess(nameOf(user), { disabled: false }),
  disable: ([user]) => setAccess(nameOf(user), { disabled: true })
}

/** How many arguments a subcommand takes, where it is not the user alone. */
const ARGUMENTS: Record<string, number> = { list: 0, create: 0, 'set-role': 2 }

/** Manages accounts without a login, for whoever has the machine. The audit log names the command as the request. */
export async function usersCommand(
  [name = '', ...args]: string[],
  flags: UsersFlags
): Promise<void> {
  const subcommand = Object.hasOwn(SUBCOMMANDS, name) ? SUBCOMMANDS[name] : undefined
  if (!subcommand) {
    throw new CommandError(`Say what to do: users ${Object.keys(SUBCOMMANDS).join(' | ')}`)
  }
  checkArguments(name, args, flags)
  const config = loadConfig()
  try {
    await onDatabase(config, name, await subcommand(args, flags, config))
  } catch (error) {
    throw error instanceof Problem ? new CommandError(error.message) : error
  }
}

/** Rejects what a subcommand would leave unread. */
function checkArguments(name: string, args: string[], flags: UsersFlags): void {
  const extra = args[ARGUMENTS[name] ?? 1]
  if (extra !== undefined) {
    throw new CommandError(`users ${name} takes no argument ${terminalText(extra)}.`)
  }
  const { username, email, name: displayName, role } = flags
  const flag = Object.entries({ username, email, name: displayName, role }).find(([, it]) => it)
  if (flag && name !== 'create') {
    throw new CommandError(`users ${name} takes no --${flag[0]}.`)
  }
}

async function onDatabase(
  config: Config,
  name: string,
  work: (run: Run) => Promise<void>
): Promise<void> {
  const database = await openConfiguredDatabase(config)
  const log = pino({ level: 'warn' }, pino.destination({ dest: 2, sync: true }))
  const mail = createMail(config, log)
  try {
    await migrateConfigured(config, database)
    const { db } = database
    const sessions = createSessions({ db, config, mail, sign: () => '' })
    const requestId = systemRequestId(`users-${name}`)
    const ctx = { caller: null, requestId, ip: null, userAgent: null }
    await work({ db, config, sessions, mail, ctx })
  } finally {
    await mail.close()
    await database.close()
  }
}

async function list({ db }: Run): Promise<void> {
  console.log(['id', 'username', 'email', 'name', 'role', 'state'].join('\t'))
  for (let after: KeysetPosition | undefined, more = true; more; ) {
    const page = await listUsers(db, {}, PAGE_ROWS, after)
    for (const { id, username, email, name, role, disabled } of page) {
      const state = disabled ? 'disabled' : 'enabled'
      console.log([id, username, email, name, role, state].map((cell) => cell ?? '-').join('\t'))
    }
    after = page.at(-1)
    more = page.length === PAGE_ROWS
  }
}

const create =
  ({ username, email, name, role }: UsersFlags, password: string) =>
  async ({ db, ctx }: Run): Promise<void> => {
    const password_hash = await createPasswords().hash(password)
    // The caller of this command vouches for the email.
    const account = { username, email, name, password_hash, email_verified: email !== undefined }
    const options = { role: roleOf(role ?? 'user'), mayBeFirstAdmin: false, isForOther: true }
    const user = await mapUniqueViolation(db, { username, email }, () =>
      withTransaction(db, (tx) => createUser(tx, ctx, account, options))
    )
    console.log(`Created ${user.role} ${shown(user)}.`)
  }

const setAccess =
  (name: string, wanted: { role?: Role; disabled?: boolean }) =>
  async ({ db, ctx, sessions }: Run): Promise<void> => {
    const { id } = await findByName(db, name)
    const after = await withTransaction(db, async (tx) => {
      const { account, isLastAdmin } = await lockAccount(tx, id, id)
      if (!account) {
        throw unknownUser(name)
      }
      const { role = account.role, disabled = account.disabled } = wanted
      if (isLastAdmin && (role !== 'admin' || disabled)) {
        throw new CommandError(
          `${terminalText(name)} is the last active admin. Create or enable another first.`
        )
      }
      const change = {
        ...(role !== account.role && { role }),
        ...(disabled !== account.disabled && { disabled })
      }
      return changeAccess(tx, ctx, { sessions }, account, change)
    })
    console.log(`${shown(after)} is ${after.disabled ? 'disabled' : 'enabled'}, as ${after.role}.`)
  }

const setPassword =
  (name: string, password: string) =>
  async ({ db, ctx, config, mail, sessions }: Run): Promise<void> => {
    const user = await findByName(db, name)
    checkPassword(config, password, user)
    const newHash = await createPasswords().hash(password)
    await withTransaction(db, async (tx) => {
      if (!(await replacePassword(tx, ctx, { sessions }, { id: user.id, newHash }))) {
        throw unknownUser(name)
      }
      await revokeAllKeys(tx, ctx, user.id)
      notifyOwner(tx, { mail, config }, user, notices.passwordChanged({ keepsKeys: false }))
    })
    console.log(
      `${shown(user)} has a new password. All sessions have ended, all API keys are revoked.`
    )
  }

async function readNewPassword(config: Config, names: UsersFlags): Promise<string> {
  const password = await readPassword()
  checkPassword(config, password, names)
  return password
}

async function findByName(db: Db, name: string): Promise<User> {
  const user = await getUser(db, name.includes('@') ? { email: name } : { username: name })
  if (!user) {
    throw unknownUser(name)
  }
  return user
}

const unknownUser = (name: string) => new CommandError(`There is no user ${terminalText(name)}.`)

const shown = ({ username, email, id }: Pick<User, 'username' | 'email' | 'id'>): string =>
  username ?? email ?? id

function nameOf(user: string | undefined): string {
  if (user === undefined) {
    throw new CommandError('Name the user by username or email, such as: users enable ann')
  }
  return user
}

function roleOf(role: string | undefined): Role {
  if (role === undefined || !ROLES.includes(role)) {
    throw new CommandError(`A role is one of ${ROLES.join(', ')}.`)
  }
  return role as Role
}

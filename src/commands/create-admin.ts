import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { Config } from '../config.ts'
import { systemRequestId } from '../core/context.ts'
import { checkPassword } from '../core/password-policy.ts'
import { createPasswords } from '../core/passwords.ts'
import { Problem } from '../core/problem.ts'
import { withTransaction } from '../db/transaction.ts'
import { createUser, mapUniqueViolation } from '../features/identity/service.ts'
import { isEmail } from '../lib/email.ts'
import { CommandError, loadConfig, migrateConfigured, openConfiguredDatabase } from './bootstrap.ts'

const CONTEXT = {
  caller: null,
  requestId: systemRequestId('create-admin'),
  ip: null,
  userAgent: null
}
/** The exit code of a program that Ctrl+C ended: 128 + SIGINT. */
const INTERRUPTED = 130

/** Creates an admin account. The password comes from standard input, to keep it out of process lists and history. */
export async function createAdmin({
  username,
  email
}: {
  username?: string | undefined
  email?: string | undefined
}): Promise<void> {
  if (username === undefined && email === undefined) {
    throw new CommandError('Set --username, --email, or both.')
  }
  if (username !== undefined && !/^[A-Za-z0-9._-]{1,64}$/.test(username)) {
    throw new CommandError(
      'A username has up to 64 letters, digits, dots, underscores and hyphens.'
    )
  }
  if (email !== undefined && !isEmail(email)) {
    throw new CommandError('An email looks like ann@example.com.')
  }
  const config = loadConfig()
  const password = await readPassword()
  try {
    checkPassword(config, password, { username, email })
    await insertAdmin(config, { username, email, password })
  } catch (error) {
    throw error instanceof Problem ? new CommandError(error.message) : error
  }
}

async function insertAdmin(
  config: Config,
  {
    username,
    email,
    password
  }: { username: string | undefined; email: string | undefined; password: string }
): Promise<void> {
  const database = await openConfiguredDatabase(config)
  try {
    await migrateConfigured(config, database)
    const password_hash = await (await createPasswords()).hash(password)
    // The caller of this command vouches for the email.
    const registration = { username, email, password_hash, email_verified: email !== undefined }
    const options = { role: 'admin', mayBeFirstAdmin: false } as const
    const user = await mapUniqueViolation(database.db, { username, email }, () =>
      withTransaction(database.db, (tx) => createUser(tx, CONTEXT, registration, options))
    )
    console.log(`Created admin ${user.username ?? user.email}.`)
  } finally {
    await database.close()
  }
}

/** Reads a password: from a terminal unseen and twice, else all of standard input without its final newline. */
async function readPassword(): Promise<string> {
  if (!process.stdin.isTTY) {
    return (await text(process.stdin)).replace(/\r?\n$/, '')
  }
  const password = await askUnseen('Password: ')
  if ((await askUnseen('The same again: ')) !== password) {
    throw new CommandError('The two passwords differ. Nothing was created.')
  }
  return password
}

/** Asks on the terminal without showing what is typed; Ctrl+C ends the process like any program. */
async function askUnseen(question: string): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const prompt = createInterface({ input: process.stdin, output: nowhere, terminal: true })
  prompt.on('SIGINT', () => {
    prompt.close()
    process.stdout.write('\n')
    process.exit(INTERRUPTED)
  })
  // Not before: until now the terminal shows what is typed.
  process.stdout.write(question)
  const password = await prompt.question('').catch(() => {
    process.stdout.write('\n')
    throw new CommandError('No password was given. Nothing was created.')
  })
  prompt.close()
  process.stdout.write('\n')
  return password
}

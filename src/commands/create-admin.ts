import { createInterface } from 'node:readline/promises'
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

async function readPassword(): Promise<string> {
  if (!process.stdin.isTTY) {
    return (await text(process.stdin)).replace(/\r?\n$/, '')
  }
  const prompt = createInterface({ input: process.stdin, output: process.stdout })
  const question = prompt.question('Password: ')
  // Typed characters are not echoed.
  ;(prompt as unknown as { _writeToOutput: () => void })._writeToOutput = () => {}
  const password = await question
  prompt.close()
  process.stdout.write('\n')
  return password
}

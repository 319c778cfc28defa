import type { Config } from '../config.ts'
import { systemRequestId } from '../core/context.ts'
import { checkPassword } from '../core/password-policy.ts'
import { createPasswords } from '../core/passwords.ts'
import { Problem } from '../core/problem.ts'
import { withTransaction } from '../db/transaction.ts'
import { createUser, mapUniqueViolation } from '../features/identity/service.ts'
import { checkNames } from './account-names.ts'
import { CommandError, loadConfig, migrateConfigured, openConfiguredDatabase } from './bootstrap.ts'
import { readPassword } from './password-prompt.ts'

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
  checkNames({ username, email })
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
    const password_hash = await createPasswords().hash(password)
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

import type { Config } from '../config.ts'
import { type Caller, systemRequestId } from '../core/context.ts'
import { createPasswords, type Passwords } from '../core/passwords.ts'
import type { Db } from '../db/client.ts'
import { withTransaction } from '../db/transaction.ts'
import { countUsers } from '../features/admin-users/queries.ts'
import { createUser } from '../features/identity/service.ts'
import { findCredentials } from '../features/identity/users.queries.ts'
import type { TaskCreate } from '../features/tasks/schema.ts'
import { createTaskService } from '../features/tasks/service.ts'
import { CommandError, loadConfig, migrateConfigured, openConfiguredDatabase } from './bootstrap.ts'

const USERS = [
  { username: 'admin', name: 'Demo Admin', password: 'admin123', role: 'admin' },
  { username: 'user', name: 'Demo User', password: 'user123', role: 'user' }
] as const
const CONTEXT = { caller: null, requestId: systemRequestId('seed'), ip: null, userAgent: null }
const DAY_MS = 86_400_000

/** Returns six tasks that show the fields of a task. */
const sampleTasks = (now: number): TaskCreate[] => {
  const inDays = (days: number) => new Date(now + days * DAY_MS).toISOString()
  return [
    {
      title: 'Read the tour',
      description: 'Two minutes in the README.',
      status: 'done',
      priority: 'low',
      tags: ['start']
    },
    {
      title: 'Generate a client',
      description: 'From /openapi.json, in your language.',
      status: 'in_progress',
      priority: 'high',
      due_date: inDays(1),
      tags: ['start', 'client']
    },
    {
      title: 'Put Tasklane behind our front end',
      priority: 'high',
      due_date: inDays(7),
      tags: ['client']
    },
    { title: 'Invite the team', priority: 'medium', due_date: inDays(3) },
    { title: 'Renew the domain', priority: 'medium', due_date: inDays(-1), tags: ['ops'] },
    { title: 'Tidy the backlog', priority: 'low', tags: ['ops', 'someday'] }
  ]
}

/** Creates demo users and tasks, only in an empty database and never in production. */
export async function seed(): Promise<void> {
  const config = loadConfig()
  if (config.isProduction) {
    throw new CommandError(
      'Demo data is rejected in production, because its passwords are public. Use create-admin.'
    )
  }
  const database = await openConfiguredDatabase(config)
  try {
    await migrateConfigured(config, database)
    const passwords = await createPasswords()
    if (await hasDemoUsers(database.db, passwords)) {
      console.log('The demo data is already here: admin/admin123 and user/user123.')
      return
    }
    if ((await countUsers(database.db)) > 0) {
      throw new CommandError('The database already has users. Demo data needs an empty database.')
    }
    await seedInto(database.db, config, passwords)
    console.log('Created admin/admin123 and user/user123 with six tasks.')
  } finally {
    await database.close()
  }
}

/** Returns whether the demo users are there with their passwords: others may be called so, too. */
async function hasDemoUsers(db: Db, passwords: Passwords): Promise<boolean> {
  const found = await Promise.all(USERS.map(({ username }) => findCredentials(db, { username })))
  if (!found.every(Boolean)) {
    return false
  }
  const verified = await Promise.all(
    USERS.map(({ password }, i) => passwords.verify(found[i]?.password_hash, password))
  )
  return verified.every(Boolean)
}

async function seedInto(db: Db, config: Config, passwords: Passwords): Promise<void> {
  const hashes = await Promise.all(USERS.map(({ password }) => passwords.hash(password)))
  const created = await withTransaction(db, async (tx) => {
    const users = []
    for (const [i, { username, name, role }] of USERS.entries()) {
      users.push(
        await createUser(
          tx,
          CONTEXT,
          { username, name, password_hash: hashes[i] as string },
          { role, mayBeFirstAdmin: false }
        )
      )
    }
    return users
  })
  const { createTask } = createTaskService(db, config)
  for (const [i, task] of sampleTasks(Date.now()).entries()) {
    const owner = created[i % created.length] as (typeof created)[number]
    const caller: Caller = {
      id: owner.id,
      name: String(owner.username),
      role: owner.role,
      session_id: ''
    }
    await createTask({ ...CONTEXT, caller }, task)
  }
}

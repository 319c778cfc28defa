import type { Caller } from '../core/context.ts'
import { createPasswords } from '../core/passwords.ts'
import type { Db } from '../db/client.ts'
import { withTransaction } from '../db/transaction.ts'
import { countUsers } from '../features/admin-users/queries.ts'
import { createUser } from '../features/identity/service.ts'
import type { TaskCreate } from '../features/tasks/schema.ts'
import { createTask } from '../features/tasks/service.ts'
import { CommandError, loadConfig, migrateConfigured, openConfiguredDatabase } from './bootstrap.ts'

const PEOPLE = [
  { username: 'admin', name: 'Demo Admin', password: 'admin123', role: 'admin' },
  { username: 'user', name: 'Demo User', password: 'user123', role: 'user' }
] as const
const CONTEXT = { caller: null, requestId: 'seed', ip: null, userAgent: null }
const DAY_MS = 86_400_000

/** Six tasks that show what a task can hold. */
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

/** Demo people and tasks for trying out: only into an empty installation, never in production. */
export async function seed(): Promise<void> {
  const config = loadConfig()
  if (config.isProduction) {
    throw new CommandError(
      'Demo data is refused in production: its passwords are public. Use create-admin.'
    )
  }
  const database = await openConfiguredDatabase(config)
  try {
    await migrateConfigured(config, database)
    if ((await countUsers(database.db)) > 0) {
      throw new CommandError(
        'There are users already: demo data only goes into an empty installation.'
      )
    }
    await seedInto(database.db)
    console.log('Created admin/admin123 and user/user123 with six tasks.')
  } finally {
    await database.close()
  }
}

async function seedInto(db: Db): Promise<void> {
  const passwords = await createPasswords()
  const hashes = await Promise.all(PEOPLE.map(({ password }) => passwords.hash(password)))
  const created = await withTransaction(db, async (tx) => {
    const users = []
    for (const [i, { username, name, role }] of PEOPLE.entries()) {
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
  for (const [i, task] of sampleTasks(Date.now()).entries()) {
    const owner = created[i % created.length] as (typeof created)[number]
    const caller: Caller = {
      id: owner.id,
      name: String(owner.username),
      role: owner.role,
      session_id: ''
    }
    await withTransaction(db, (tx) =>
      createTask(tx, { caller, origin: { actor_id: owner.id, request_id: 'seed' }, quota: 0 }, task)
    )
  }
}

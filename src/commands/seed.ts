import type { Config } from '../config.ts'
import { type RequestContext, systemRequestId } from '../core/context.ts'
import { createPasswords, type Passwords } from '../core/passwords.ts'
import type { Db } from '../db/client.ts'
import { withTransaction } from '../db/transaction.ts'
import { countUsers } from '../features/admin-users/queries.ts'
import { createUser } from '../features/identity/service.ts'
import { findCredentials } from '../features/identity/users.queries.ts'
import { joinProject } from '../features/project-access/service.ts'
import { createProject } from '../features/projects/service.ts'
import type { TaskCreate } from '../features/tasks/schema.ts'
import { createTaskService } from '../features/tasks/service.ts'
import { CommandError, loadConfig, migrateConfigured, openConfiguredDatabase } from './bootstrap.ts'

const USERS = [
  { username: 'admin', name: 'Demo Admin', password: 'admin123', role: 'admin' },
  { username: 'user', name: 'Demo User', password: 'user123', role: 'user' },
  { username: 'kim', name: 'Kim Demo', password: 'kim12345', role: 'user' }
] as const
/** Those of former versions, which are enough to know demo data by. */
const FIRST_USERS = USERS.slice(0, 2)
const LOGINS = USERS.map(({ username, password }) => `${username}/${password}`)
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

/** The project that the demo users share. */
const PROJECT = { name: 'New website', description: 'Shared by all demo users.', color: '#2f6fde' }
const projectTasks = (now: number): TaskCreate[] => [
  { title: 'Choose a name', status: 'done' },
  { title: 'Draw the first page', status: 'in_progress', priority: 'high' },
  { title: 'Write the imprint', due_date: new Date(now + 14 * DAY_MS).toISOString().slice(0, 10) }
]

/** Creates demo users, a project that they share, and tasks, only in an empty database and never in production. */
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
    const passwords = createPasswords()
    if (await hasDemoUsers(database.db, passwords)) {
      console.log(`The demo data is already here: ${listOf(LOGINS.slice(0, 2))}.`)
      return
    }
    if ((await countUsers(database.db)) > 0) {
      throw new CommandError('The database already has users. Demo data needs an empty database.')
    }
    await seedInto(database.db, config, passwords)
    console.log(`Created ${listOf(LOGINS)} with six tasks and a project that they share.`)
  } finally {
    await database.close()
  }
}

const listOf = (names: string[]): string => `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`

/** Returns whether the demo users are there with their passwords: others may be called so, too. */
async function hasDemoUsers(db: Db, passwords: Passwords): Promise<boolean> {
  const found = await Promise.all(
    FIRST_USERS.map(({ username }) => findCredentials(db, { username }))
  )
  if (!found.every(Boolean)) {
    return false
  }
  const verified = await Promise.all(
    FIRST_USERS.map(({ password }, i) => passwords.verify(found[i]?.password_hash, password))
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
  const [admin, user, kim] = created.map(asCaller) as [Demo, Demo, Demo]
  for (const [i, task] of sampleTasks(Date.now()).entries()) {
    await createTask(i % 2 === 0 ? admin : user, task)
  }
  const projects = { db, config }
  const { id } = await createProject(projects, user, PROJECT)
  await withTransaction(db, async (tx) => {
    const project = { owner_id: user.caller.id, id }
    const members = { [kim.caller.id]: 'editor', [admin.caller.id]: 'viewer' } as const
    for (const [user_id, role] of Object.entries(members)) {
      await joinProject(tx, projects, user, project, { user_id, role })
    }
  })
  for (const [i, task] of projectTasks(Date.now()).entries()) {
    const assignee_id = i === 0 ? user.caller.id : kim.caller.id
    await createTask(user, { ...task, project_id: id, assignee_id })
  }
}

type Demo = RequestContext
const asCaller = ({ id, username, role }: Awaited<ReturnType<typeof createUser>>): Demo => ({
  ...CONTEXT,
  caller: { id, name: String(username), role, session_id: '' }
})

import { and, eq } from 'drizzle-orm'
import type { InjectOptions, LightMyRequestResponse as Response } from 'fastify'
import { pino } from 'pino'
import type { Test } from 'tap'
import { buildApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import type { Role } from '../../src/core/context.ts'
import type { Deps } from '../../src/core/deps.ts'
import { describeError } from '../../src/core/log.ts'
import { createMail } from '../../src/core/mail.ts'
import { createPasswords } from '../../src/core/passwords.ts'
import { taskEvents } from '../../src/db/tables/task-events.ts'
import { users } from '../../src/db/tables/users.ts'
import type { TokenSet } from '../../src/features/auth/schema.ts'
import type { Task, TaskCreate } from '../../src/features/tasks/schema.ts'
import { contractViolations } from './contract.ts'
import { createTestDatabase, type TestDatabase } from './database.ts'

export const SECRET = 'only for tests: 0123456789abcdef0123456789'
export const PASSWORD = 'correct horse battery'

export type Person = ReturnType<typeof personOf>
type SendRequest = (options: InjectOptions & { url: string }) => Promise<Response>
export interface TestAppOptions {
  env?: Record<string, string>
  deps?: Partial<Deps>
  onLog?: (line: string) => void
  database?: TestDatabase
}

/** The real app on a database of its own, closed with the test. Every answer is held against the committed contract. */
export async function createTestApp(
  t: Test,
  { env = {}, deps = {}, onLog, database: own }: TestAppOptions = {}
) {
  // First what may throw: a database that is open keeps the process from ending.
  const config = readConfig({
    NODE_ENV: 'test',
    DOCS_ENABLED: 'off',
    FIRST_USER_ADMIN: 'false',
    RATE_LIMIT: 'off',
    MAX_EVENT_LOOP_DELAY_MS: '0',
    ...env
  })
  const database = own ?? (await createTestDatabase())
  // A 500 in a test is explained where the test's reader looks.
  const logger = pino(
    { level: onLog ? 'info' : 'error', serializers: { err: describeError } },
    {
      write: (line: string) => {
        onLog ? onLog(line) : process.stderr.write(line)
      }
    }
  )
  const mail = createMail(config, logger)
  const app = await buildApp(
    {
      db: database.db,
      config,
      mail,
      passwords: await createPasswords(),
      secrets: [SECRET],
      isShuttingDown: () => false,
      ...deps
    },
    logger
  )
  t.teardown(async () => {
    await app.close()
    await mail.close()
    await database.close()
  })

  const request: SendRequest = async (options) => {
    const answer = await app.inject({ method: 'GET', ...options } as InjectOptions)
    const faults = contractViolations(String(options.method ?? 'GET'), options.url, answer)
    if (faults.length > 0) {
      t.fail(
        `the contract lies about ${options.method ?? 'GET'} ${options.url} → ${answer.statusCode}`,
        { faults, body: answer.body.slice(0, 2000) }
      )
    }
    return answer
  }

  let people = 0
  /** Signs somebody up through the front door; a role beyond user is granted in the database. */
  const signUp = async (
    role: Role = 'user',
    username = `person-${++people}`,
    more: { email?: string; name?: string } = {}
  ): Promise<Person> => {
    const answer = await request({
      method: 'POST',
      url: '/api/v1/auth/register',
      payload: { username, password: PASSWORD, ...more }
    })
    if (answer.statusCode !== 201) {
      throw new Error(`could not sign up: ${answer.body}`)
    }
    const tokens = answer.json<TokenSet>()
    if (role !== 'user') {
      await database.db.update(users).set({ role }).where(eq(users.id, tokens.user.id))
    }
    return personOf(request, tokens)
  }

  const events = {
    /** The kinds of events of a task, oldest first. */
    of: async (task: { id: string }): Promise<string[]> => {
      const rows = await database.db
        .select({ type: taskEvents.type })
        .from(taskEvents)
        .where(and(eq(taskEvents.task_id, task.id)))
        .orderBy(taskEvents.version)
      return rows.map((row) => row.type)
    },
    count: () => database.db.$count(taskEvents)
  }

  return {
    app,
    request,
    config,
    database,
    db: database.db,
    mail: deps.mail ?? mail,
    signUp,
    events
  }
}

function personOf(request: SendRequest, tokens: TokenSet) {
  const send: SendRequest = (options) =>
    request({
      ...options,
      headers: { authorization: `Bearer ${tokens.access_token}`, ...options.headers }
    })
  const at = (task: { id: string }) => `/api/v1/tasks/${task.id}`
  const ifMatch = (version: number | undefined) =>
    version === undefined ? {} : { headers: { 'if-match': `"${version}"` } }
  return {
    ...tokens,
    send,
    get: (url: string, headers: Record<string, string> = {}) => send({ url, headers }),
    post: (url: string, payload?: object) =>
      send({ method: 'POST', url, ...(payload && { payload }) }),
    create: async (task: TaskCreate): Promise<Task> => {
      const answer = await send({ method: 'POST', url: '/api/v1/tasks', payload: task })
      if (answer.statusCode !== 201) {
        throw new Error(`could not create: ${answer.body}`)
      }
      return answer.json()
    },
    read: (task: { id: string }, headers: Record<string, string> = {}) =>
      send({ url: at(task), headers }),
    patch: (task: { id: string }, payload: object, version?: number) =>
      send({ method: 'PATCH', url: at(task), payload, ...ifMatch(version) }),
    put: (task: { id: string }, payload: object, version?: number) =>
      send({ method: 'PUT', url: at(task), payload, ...ifMatch(version) }),
    remove: (task: { id: string }, version?: number) =>
      send({ method: 'DELETE', url: at(task), ...ifMatch(version) }),
    restore: (task: { id: string }, version?: number) =>
      send({ method: 'POST', url: `${at(task)}/restore`, ...ifMatch(version) })
  }
}

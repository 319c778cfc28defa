import { eq, sql } from 'drizzle-orm'
import type { InjectOptions, LightMyRequestResponse as Response } from 'fastify'
import { pino } from 'pino'
import type { Test } from 'tap'
import { buildApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import type { Role } from '../../src/core/context.ts'
import type { Deps } from '../../src/core/deps.ts'
import { withoutSecrets } from '../../src/core/log.ts'
import { createMail } from '../../src/core/mail.ts'
import type { Db } from '../../src/db/client.ts'
import { executeRows } from '../../src/db/rows.ts'
import { taskEvents } from '../../src/db/tables/task-events.ts'
import { users } from '../../src/db/tables/users.ts'
import type { TokenSet } from '../../src/features/auth/schema.ts'
import type { Task, TaskCreate } from '../../src/features/tasks/schema.ts'
import type { AppFeature } from '../../src/features.ts'
import type { App } from '../../src/http/server.ts'
import { contractViolations } from './contract.ts'
import { createTestDatabase, type TestDatabase } from './database.ts'
import { quickPasswords } from './quick-passwords.ts'
import { waitUntil } from './wait-until.ts'

export const SECRET = 'only for tests: 0123456789abcdef0123456789'
export const PASSWORD = 'correct horse battery'

export type Person = ReturnType<typeof personOf>
type SendRequest = (options: InjectOptions & { url: string }) => Promise<Response>
export interface TestAppOptions {
  env?: Record<string, string>
  deps?: Partial<Deps>
  onLog?: (line: string) => void
  database?: TestDatabase
  features?: AppFeature[]
}

/** Starts the real app on a database of its own, closed with the test. Every response is held against the contract. */
export async function createTestApp(
  t: Test,
  { env = {}, deps = {}, onLog, database: own, features }: TestAppOptions = {}
) {
  // First what may throw: an open database keeps the process from ending.
  const config = readConfig({ ...DEFAULT_ENV, ...env })
  const database = own ?? (await createTestDatabase())
  const logger = createLogger(onLog)
  const mail = createMail(config, logger)
  const defaults: Deps = {
    db: database.db,
    config,
    mail,
    passwords: quickPasswords(),
    secrets: [SECRET],
    isShuttingDown: () => false
  }
  const app = await buildApp({ ...defaults, ...deps }, logger, features)
  t.teardown(async () => {
    await app.close()
    await mail.close()
    await database.close()
  })
  const request = createRequest(t, app)
  return {
    app,
    secrets: [SECRET] as const,
    request,
    config,
    database,
    db: database.db,
    mail: deps.mail ?? mail,
    signUp: createSignUp(request, database.db),
    events: eventsIn(database.db)
  }
}

const DEFAULT_ENV = {
  NODE_ENV: 'test',
  DOCS_ENABLED: 'off',
  FIRST_USER_ADMIN: 'false',
  RATE_LIMIT: 'off',
  MAX_EVENT_LOOP_DELAY_MS: '0'
}

/** Without `onLog`, the cause of a 500 appears in the output of the test. */
const createLogger = (onLog: ((line: string) => void) | undefined) =>
  pino(
    { level: onLog ? 'info' : 'error', ...withoutSecrets },
    {
      write: (line: string) => {
        onLog ? onLog(line) : process.stderr.write(line)
      }
    }
  )

function createRequest(t: Test, app: App): SendRequest {
  return async (options) => {
    const response = await app.inject({ method: 'GET', ...options })
    const method = options.method ?? 'GET'
    const violations = contractViolations(method, options.url, response)
    if (violations.length > 0) {
      t.fail(`${method} ${options.url} → ${response.statusCode} differs from the contract`, {
        violations,
        body: response.body.slice(0, 2000)
      })
    }
    return response
  }
}

/** Signs up by the API; a role above user is granted in the database. */
function createSignUp(request: SendRequest, db: Db) {
  let count = 0
  return async (
    role: Role = 'user',
    username = `person-${++count}`,
    more: { email?: string; name?: string } = {}
  ): Promise<Person> => {
    const response = await request({
      method: 'POST',
      url: '/api/v1/auth/register',
      payload: { username, password: PASSWORD, ...more }
    })
    if (response.statusCode !== 201) {
      throw new Error(`could not sign up: ${response.body}`)
    }
    const tokens = response.json<TokenSet>()
    if (role !== 'user') {
      await db.update(users).set({ role }).where(eq(users.id, tokens.user.id))
    }
    return personOf(request, tokens, () => untilSettled(db))
  }
}

const eventsIn = (db: Db) => ({
  /** Returns the kinds of events of a task, oldest first. */
  of: async (task: { id: string }): Promise<string[]> => {
    const rows = await db
      .select({ type: taskEvents.type })
      .from(taskEvents)
      .where(eq(taskEvents.task_id, task.id))
      .orderBy(taskEvents.version)
    return rows.map((row) => row.type)
  },
  count: () => db.$count(taskEvents)
})

/**
 * Waits until what has been committed is in the feed of changes: other databases of a shared server hold it back with
 * their transactions.
 */
async function untilSettled(db: Db): Promise<void> {
  const [now] = await executeRows<{ xid: string }>(
    db,
    sql`SELECT pg_snapshot_xmax(pg_current_snapshot())::text AS xid`
  )
  await waitUntil('the end of transactions that began before', async () => {
    const [row] = await executeRows<{ is_over: boolean }>(
      db,
      sql`SELECT pg_snapshot_xmin(pg_current_snapshot()) >= ${now?.xid}::xid8 AS is_over`
    )
    return row?.is_over === true
  })
}

function personOf(request: SendRequest, tokens: TokenSet, untilSettled: () => Promise<void>) {
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
    /** Waits until what has been committed is in the feed of changes. */
    untilSettled,
    send,
    get: (url: string, headers: Record<string, string> = {}) => send({ url, headers }),
    post: (url: string, payload?: object) =>
      send({ method: 'POST', url, ...(payload && { payload }) }),
    create: async (task: TaskCreate): Promise<Task> => {
      const response = await send({ method: 'POST', url: '/api/v1/tasks', payload: task })
      if (response.statusCode !== 201) {
        throw new Error(`could not create: ${response.body}`)
      }
      return response.json()
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

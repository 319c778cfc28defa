import { randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { is, sql } from 'drizzle-orm'
import { getTableConfig, PgTable } from 'drizzle-orm/pg-core'
import t, { type Test } from 'tap'
import { executeRows } from '../../src/db/rows.ts'
import { accepted, ended, form, IMPORTS, worker } from '../support/imports.ts'
import { createProject, projectUrl, putMember } from '../support/projects.ts'
import { runScheduled } from '../support/scheduled.ts'
import { createTestApp, PASSWORD, type Person } from '../support/test-app.ts'
import { waitUntil } from '../support/wait-until.ts'
import {
  createWebhook,
  deliveriesOf,
  LOOPBACK,
  startReceiver,
  WEBHOOKS
} from '../support/webhooks.ts'

/** What a request may leave in a table: ten times what it sends, or this much, whatever it sends. */
const FACTOR = 10
const ALLOWANCE = 262_144
/** A row of a file has a limit of its own (IMPORT_MAX_ROWS, MAX_TASKS_PER_USER), like an operation of a batch. */
const ROW_BYTES = 40

/** So that throttles and violations are recorded, and nothing is refused. */
const LIMITS = {
  RATE_LIMIT: 'on',
  RATE_LIMIT_CREATES: '1000',
  RATE_LIMIT_UPDATES: '1000',
  RATE_LIMIT_READS: '10000',
  MAX_STORAGE_MB_PER_USER: '1000',
  ...LOOPBACK
}

const TABLES = new URL('../../src/db/tables/', import.meta.url)

type TestApp = Awaited<ReturnType<typeof createTestApp>>
/** Sends the request that leaves most in a table, as far as we know, and returns how many bytes it has. */
type Send = (app: TestApp, ann: Person, t: Test) => Promise<number>

async function tableNames(): Promise<string[]> {
  const modules = await Promise.all(
    readdirSync(TABLES).map((file) => import(new URL(file, TABLES).href))
  )
  return modules
    .flatMap((module) => Object.values(module))
    .filter((value) => is(value, PgTable))
    .map((table) => getTableConfig(table as PgTable).name)
    .sort()
}

const incompressible = (length: number) => randomBytes(length / 2).toString('hex')
/** As many words as a description can have, each another one. */
const manyWords = () =>
  Array.from({ length: 2500 }, (_, i) => i.toString(36).padStart(3, 'a')).join(' ')

async function post(who: Person, url: string, payload: object, headers = {}): Promise<number> {
  const answer = await who.send({ method: 'POST', url, payload, headers })
  if (answer.statusCode >= 400) {
    throw new Error(answer.body)
  }
  return url.length + JSON.stringify(payload).length + who.access_token.length
}

/** Sends what anyone may, perhaps in vain. */
async function postAnonymous(app: TestApp, url: string, payload: object): Promise<number> {
  await app.request({ method: 'POST', url, payload, remoteAddress: '203.0.113.5' })
  return url.length + JSON.stringify(payload).length
}

const batch = (ann: Person, operations: object[], headers = {}) =>
  post(ann, '/api/v1/task-batches', { operations }, headers)
const hundred = <T>(make: (i: number) => T): T[] => Array.from({ length: 100 }, (_, i) => make(i))
const shortCreates = () => hundred(() => ({ op: 'create', data: { title: 'x' } }))
/** Moves a task to where its neighbours have no room for it, so that these move, too. */
async function moveIntoNarrowGap({ db }: TestApp, ann: Person): Promise<number> {
  await batch(ann, shortCreates())
  await db.execute(sql`UPDATE tasks SET position = 'a1' WHERE owner_id = ${ann.user.id}`)
  const { data } = (await ann.get('/api/v1/tasks?limit=100&sort=position_asc&personal=true')).json()
  const [first, , third] = data
  return post(ann, `/api/v1/tasks/${first.id}/move`, { after_id: third.id })
}

const wordyCreates = () =>
  hundred(() => ({ op: 'create', data: { title: 'x', description: manyWords() } }))

/** A file of rows each of which has four faults. */
const badFile = (rows: number) => `title,status,priority,due_date\n${',x,x,x\n'.repeat(rows)}`
const shortFile = (rows: number) => `title\n${'x\n'.repeat(rows)}`
const bytesOf = (file: string): number => form({ content: file, name: 'a.csv' }).payload.length

async function importAll(app: TestApp, ann: Person, t: Test, file: string): Promise<number> {
  const queued = await accepted(ann, file)
  const { stop } = worker(t, app)
  await ended(ann, queued)
  await stop()
  return bytesOf(file)
}

async function importShortTasks(app: TestApp, ann: Person, t: Test): Promise<number> {
  await importAll(app, ann, t, shortFile(5000))
  return 5000 * ROW_BYTES
}

async function longTasks(ann: Person): Promise<string[]> {
  const ids: string[] = []
  for (let i = 0; i < 100; i++) {
    ids.push((await ann.create({ title: 'x', description: incompressible(10_000) })).id)
  }
  return ids
}

/** Makes as many people members of a project as it can have. */
const fillProject = ({ db }: TestApp, { id, owner_id }: { id: string; owner_id: string }) =>
  db.execute(sql`
    WITH people AS (
      INSERT INTO users (id, username, role)
      SELECT gen_random_uuid(), 'member-' || n, 'user' FROM generate_series(1, 500) n
      RETURNING id
    )
    INSERT INTO project_members (owner_id, project_id, user_id, role)
    SELECT ${owner_id}, ${id}, id, 'viewer' FROM people`)

const failedLogin: Send = (app) =>
  postAnonymous(app, '/api/v1/auth/login', { username: 'x', password: 'x' })
const register: Send = (app) =>
  postAnonymous(app, '/api/v1/auth/register', {
    username: 'a-new-person',
    email: 'new@example.org',
    password: PASSWORD
  })

/** For each table the requests that leave most in it. */
const REQUESTS: Record<string, Send[]> = {
  account_storage: [
    async (app, ann) => {
      const sent = await post(ann, '/api/v1/tasks', { title: 'x' })
      await runScheduled(app, 'storage.measure')
      return sent
    }
  ],
  api_keys: [
    (_home, ann) =>
      post(ann, '/api/v1/me/api-keys', {
        name: 'x',
        scopes: ['tasks:read'],
        expires_at: new Date(Date.now() + 86_400_000).toISOString()
      })
  ],
  audit_events: [failedLogin, register],
  access_changes: [(_home, ann) => post(ann, '/api/v1/projects', { name: 'Kitchen' })],
  change_tickets: [(_home, ann) => post(ann, '/api/v1/changes/tickets', {})],
  change_clock: [(_home, ann) => post(ann, '/api/v1/tasks', { title: 'x' })],
  email_counters: [
    (app) => postAnonymous(app, '/api/v1/auth/forgot-password', { email: 'a@example.org' })
  ],
  first_admin: [register],
  idempotency_keys: [
    async (_home, ann) => {
      const ids = await longTasks(ann)
      const same = ids.map((id) => ({ op: 'update', id, data: { title: 'x' } }))
      return batch(ann, same, { 'idempotency-key': 'k' })
    },
    async (_home, ann) => {
      const ids = (await longTasks(ann)).slice(0, 6)
      const same = ids.map((id) => ({ op: 'update', id, data: { title: 'x' } }))
      return batch(ann, same, { 'idempotency-key': 'k' })
    }
  ],
  invitations: [
    async ({ signUp }) =>
      post(await signUp('admin'), '/api/v1/admin/invitations', { email: 'new@example.org' }),
    async (_home, ann) => {
      const { id } = await createProject(ann)
      const guest = { username: 'x'.repeat(64), role: 'admin' }
      return post(ann, `/api/v1/projects/${id}/invitations`, guest)
    }
  ],
  ip_bans: [
    async ({ signUp }) =>
      post(await signUp('admin'), '/api/v1/admin/ip-bans', {
        address: '203.0.113.9',
        reason: 'x'.repeat(200)
      })
  ],
  ip_violations: [failedLogin],
  list_changes: [
    async (app, ann) => {
      const project = await createProject(ann)
      await fillProject(app, project)
      const url = projectUrl(project)
      await ann.send({ method: 'DELETE', url })
      return url.length
    },
    async ({ signUp }, ann) => {
      const project = await createProject(ann)
      const bob = await signUp('admin')
      await putMember(bob, project, bob, 'editor')
      const assigned = { title: 'x', project_id: project.id, assignee_id: bob.user.id }
      const made = hundred(() => ({ op: 'create', data: assigned }))
      const answer = await ann.post('/api/v1/task-batches', { operations: made })
      const ids = answer.json().results.map(({ task }: { task: { id: string } }) => task.id)
      const moved = { project_id: null, assignee_id: null }
      return batch(
        ann,
        ids.map((id: string) => ({ op: 'update', id, data: moved }))
      )
    }
  ],
  login_throttle: [failedLogin],
  one_time_codes: [
    (app) => postAnonymous(app, '/api/v1/auth/forgot-password', { email: 'a@example.org' })
  ],
  owners: [register],
  password_links: [
    async ({ signUp }, ann) =>
      post(await signUp('admin'), `/api/v1/admin/users/${ann.user.id}/password-reset`, {})
  ],
  project_members: [
    async ({ signUp }, ann) => {
      const project = await createProject(ann)
      const boss = await signUp('admin')
      const put = await putMember(boss, project, await signUp(), 'viewer')
      return put.statusCode === 200 ? JSON.stringify({ role: 'viewer' }).length : 0
    }
  ],
  projects: [
    (_home, ann) => post(ann, '/api/v1/projects', { name: 'x' }),
    (_home, ann) => post(ann, '/api/v1/projects', { name: 'x', description: incompressible(5000) })
  ],
  refresh_tokens: [register],
  sessions: [register],
  task_assigners: [
    async ({ signUp }, ann) => {
      const { user } = await signUp()
      return post(ann, '/api/v1/tasks', { title: 'x', assignee_id: user.id })
    }
  ],
  task_comments: [
    async (_home, ann) => {
      const { id } = await ann.create({ title: 'x' })
      return post(ann, `/api/v1/tasks/${id}/comments`, { body: '@ann-0' })
    },
    async (_home, ann) => {
      const { id } = await ann.create({ title: 'x' })
      return post(ann, `/api/v1/tasks/${id}/comments`, { body: incompressible(10_000) })
    }
  ],
  task_events: [
    (_home, ann) => batch(ann, shortCreates()),
    importShortTasks,
    async (_home, ann) => {
      const ids = await longTasks(ann)
      return batch(
        ann,
        ids.map((id) => ({ op: 'update', id, data: { description: incompressible(9000) } }))
      )
    },
    (app, ann) => moveIntoNarrowGap(app, ann)
  ],
  task_import_blocks: [
    async (_home, ann) => {
      await accepted(ann, badFile(20_000))
      return bytesOf(badFile(20_000))
    },
    async (_home, ann) => {
      await accepted(ann, shortFile(5000))
      return 5000 * ROW_BYTES
    }
  ],
  task_import_errors: [
    (app, ann, t) => importAll(app, ann, t, badFile(20_000)),
    (app, ann, t) => importAll(app, ann, t, badFile(250))
  ],
  task_imports: [
    async (_home, ann) => {
      const columns = Array.from({ length: 199 }, (_, i) => `c${i}`)
      const file = `title,${columns.join()}\n`
      await ann.send({ method: 'POST', url: IMPORTS, ...form({ content: file, name: 'a.csv' }) })
      return bytesOf(file)
    }
  ],
  tasks: [
    (_home, ann) => batch(ann, shortCreates()),
    (_home, ann) => batch(ann, wordyCreates()),
    importShortTasks
  ],
  users: [register],
  // To each webhook of the caller, of which there are at most twenty.
  webhook_deliveries: [
    async (app, ann, t) => {
      const receiver = await startReceiver(t)
      receiver.respond = (_, response) => response.writeHead(500).end(incompressible(1024))
      const webhook = await createWebhook(ann, receiver.url)
      const sent = await batch(ann, shortCreates())
      const { stop } = worker(t, app)
      await waitUntil('attempts', async () => {
        const deliveries = await deliveriesOf(ann, webhook)
        return deliveries.filter((it) => it.attempt_count > 0).length === 100
      })
      await stop()
      return sent
    }
  ],
  webhooks: [
    (_home, ann) => post(ann, WEBHOOKS, { url: 'https://hooks.example.com/' }),
    (_home, ann) => post(ann, WEBHOOKS, { url: `https://hooks.example.com/${'x'.repeat(2000)}` })
  ]
}

/** What the rows of a table take, in all their columns, as they are stored. */
async function storedBytes({ db }: TestApp, table: string): Promise<number> {
  const [row] = await executeRows<{ bytes: string }>(
    db,
    sql`SELECT coalesce(sum(pg_column_size(t.*)), 0)::text AS bytes FROM ${sql.identifier(table)} t`
  )
  return Number(row?.bytes)
}

t.test('for every table the requests that leave most in it are known', async (t) => {
  t.strictSame(await tableNames(), Object.keys(REQUESTS).sort())
})

for (const [table, requests] of Object.entries(REQUESTS)) {
  t.test(`no request leaves more than ten times its size in ${table}`, async (t) => {
    const app = await createTestApp(t, { env: LIMITS })
    for (const [i, send] of requests.entries()) {
      const ann = await app.signUp('user', `ann-${i}`)
      const before = await storedBytes(app, table)
      const sent = await send(app, ann, t)
      const left = (await storedBytes(app, table)) - before
      t.ok(left <= Math.max(ALLOWANCE, FACTOR * sent), `${sent} bytes leave ${left}`)
    }
  })
}

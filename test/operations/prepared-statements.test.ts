import { sql } from 'drizzle-orm'
import t from 'tap'
import { type Db, openDatabase } from '../../src/db/client.ts'
import { migrate } from '../../src/db/migrate.ts'
import { prepared } from '../../src/db/prepared-statements.ts'
import { executeRows } from '../../src/db/rows.ts'
import { startPgbouncer, withoutPgbouncer } from '../support/pgbouncer.ts'
import { startPostgres, withoutPostgres } from '../support/postgres-server.ts'
import { countStatuses } from '../support/status-counts.ts'
import { createTestApp, type Person } from '../support/test-app.ts'
import { waitUntil } from '../support/wait-until.ts'

const POOL = 2
const MAX_STATEMENTS = 300
const PARALLEL = 10

const skip = withoutPostgres
const server = skip ? (undefined as never) : await startPostgres(t)

async function createApp(t: Parameters<typeof createTestApp>[0], url: string) {
  const database = await openDatabase({ url, dataDir: '', pool: POOL, waitMs: 4000 })
  await migrate(database.db)
  const home = await createTestApp(t, { database: { ...database, url } })
  return { ...home, ann: await home.signUp('user', `ann-${Date.now()}`) }
}

type Backend = { pid: number; statements: number; executions: number }

/** Asks every connection of a pool what is prepared on it, by holding all of them at once. */
async function backendsOf(db: Db): Promise<Backend[]> {
  let held = 0
  return Promise.all(
    Array.from({ length: POOL }, () =>
      db.transaction(async (tx) => {
        held++
        await waitUntil('a transaction on each connection', () => held === POOL)
        const [backend] = await executeRows<Backend>(
          tx,
          sql`
            SELECT
              pg_backend_pid() AS pid,
              count(*)::int AS statements,
              coalesce(sum(generic_plans + custom_plans), 0)::int AS executions
            FROM pg_prepared_statements`
        )
        return backend as Backend
      })
    )
  )
}
const executionsOn = (backends: Backend[]): number =>
  backends.reduce((sum, { executions }) => sum + executions, 0)

const FILTERS = [
  'status=todo&status=done',
  'priority=low',
  'overdue=true',
  'due_after=2026-01-01T00:00:00Z',
  'due_before=2027-01-01T00:00:00Z',
  'created_after=2026-01-01T00:00:00Z',
  'created_before=2027-01-01T00:00:00Z',
  'updated_after=2026-01-01T00:00:00Z',
  'assignee_id=019f2f6e-7c1a-7aaa-8aaa-0123456789ab'
]
const SORTS = ['created_at_desc', 'due_date_asc', 'priority_desc', 'title_asc']

/** Lists of which each has another statement: every subset of the filters in every order. */
function listsOfManyShapes(): string[] {
  const subsets = Array.from({ length: 2 ** FILTERS.length }, (_, bits) =>
    FILTERS.filter((_, i) => bits & (1 << i))
  )
  return SORTS.flatMap((sort) =>
    subsets.map((filters) => `/api/v1/tasks?${[`limit=1&sort=${sort}`, ...filters].join('&')}`)
  )
}

/** Sends requests, a few at a time, and returns how many had which status. */
async function getAll(ann: Person, urls: string[]): Promise<Record<string, number>> {
  const waiting = [...urls]
  const answers: { statusCode: number }[] = []
  const work = async () => {
    for (let url = waiting.pop(); url !== undefined; url = waiting.pop()) {
      answers.push(await ann.get(url))
    }
  }
  await Promise.all(Array.from({ length: PARALLEL }, work))
  return countStatuses(answers)
}

t.test(
  'two thousand shapes of lists leave at most 300 prepared statements on each connection',
  { skip },
  async (t) => {
    const { db, ann } = await createApp(t, server.url)
    const urls = listsOfManyShapes()
    t.ok(urls.length >= 2000)
    t.strictSame(await getAll(ann, urls), { 200: urls.length })
    for (const { statements } of await backendsOf(db)) {
      t.ok(statements > 0 && statements <= MAX_STATEMENTS, `${statements} statements`)
    }
  }
)

t.test('what everybody asks for stays prepared meanwhile', { skip }, async (t) => {
  const { db, ann } = await createApp(t, server.url)
  const task = await ann.create({ title: 'Paint the door' })
  const requests: Record<string, () => Promise<{ statusCode: number }>> = {
    'a list': () => ann.get('/api/v1/tasks'),
    'a filtered list': () => ann.get('/api/v1/tasks?status=todo&sort=due_date_asc'),
    'what the console shows first': () => ann.get('/api/v1/tasks?completed=false'),
    'a task': () => ann.read(task),
    'a new task': () => ann.post('/api/v1/tasks', { title: 'x' }),
    'a change': () => ann.patch(task, { title: String(Math.random()) })
  }
  for (const [what, request] of Object.entries(requests)) {
    await Promise.all(Array.from({ length: 2 * PARALLEL }, request))
    const before = await backendsOf(db)
    for (let i = 0; i < PARALLEL; i++) {
      t.match((await request()).statusCode, /20[01]/)
    }
    const after = await backendsOf(db)
    t.ok(executionsOn(after) - executionsOn(before) >= PARALLEL, what)
  }
})

/** Prepares another statement for each number, and returns whether each gave its own result. */
async function runDistinct(db: Db, from: number, to: number): Promise<boolean> {
  const results = await Promise.all(
    Array.from({ length: to - from }, async (_, i) => {
      const n = sql<number>`${sql.placeholder('n')}::int + ${sql.raw(String(from + i))}`
      const query = db.select({ n: n.as('n') }).from(sql`(SELECT 1) AS one`)
      const [row] = await prepared(query, `distinct ${from + i}`).execute({ n: 1 })
      return row?.n === from + i + 1
    })
  )
  return results.every(Boolean)
}

for (const pooled of [false, true]) {
  const connection = pooled ? 'connection to a pooler' : 'connection'
  t.test(
    `a ${connection} that has prepared too many statements is replaced, and no request notices`,
    { skip: skip || (pooled && withoutPgbouncer) },
    async (t) => {
      const url = pooled ? (await startPgbouncer(t, server.url)).url : server.url
      const { db } = await createApp(t, url)
      const seen = new Set<number>()
      for (let from = 0; from < 2000; from += 100) {
        const [plain, inside] = await Promise.all([
          runDistinct(db, from, from + 90),
          db.transaction((tx) => runDistinct(tx, from + 90, from + 100))
        ])
        t.ok(plain && inside, `each of the statements from ${from} has its own result`)
        for (const { pid, statements } of await backendsOf(db)) {
          seen.add(pid)
          t.ok(statements <= MAX_STATEMENTS, `${statements} statements`)
        }
      }
      t.ok(pooled || seen.size > POOL, 'connections have been replaced')
    }
  )
}

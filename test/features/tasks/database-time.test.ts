import { sql } from 'drizzle-orm'
import t from 'tap'
import { countStatuses } from '../../support/status-counts.ts'
import { createTestApp, type Person } from '../../support/test-app.ts'

const TASKS = 5000
const SEARCH = '/api/v1/tasks?q=alpha+or+beta+or+gamma&sort=title_desc&include_total=true'
const METERED = [
  SEARCH,
  '/api/v1/task-stats',
  '/api/v1/task-stats/history?days=366',
  '/api/v1/tasks?include_total=true',
  '/api/v1/tasks?q=alpha',
  '/api/v1/tasks?tag=none&sort=title_asc',
  '/api/v1/tasks?priority=high&sort=updated_at_asc',
  '/api/v1/tasks?deleted=include',
  '/api/v1/task-exports/csv'
]
const PLAIN = [
  '/api/v1/tasks',
  '/api/v1/tasks?sort=due_date_desc&limit=100',
  '/api/v1/me',
  '/api/v1/me/export'
]

const { db, signUp, events } = await createTestApp(t, {
  env: { RATE_LIMIT: 'on', RATE_LIMIT_AUTH: '100', RATE_LIMIT_DATABASE_MS: '1' }
})

const insertTasks = (ownerId: string, into = db) =>
  into.execute(sql`
    INSERT INTO tasks
      (owner_id, id, title, description, status, priority, tags)
    SELECT
      ${ownerId}::uuid, gen_random_uuid(), 'task ' || n, 'alpha beta gamma ' || md5(n::text),
      'todo', 'medium', '{}'
    FROM generate_series(1, ${TASKS}::int) n`)

/** Searches until that is too much. One search may be so fast that it is free. */
async function useUp(person: Person): Promise<void> {
  for (let i = 0; i < 50; i++) {
    if ((await person.get(SEARCH)).statusCode === 429) {
      return
    }
  }
  throw new Error('fifty searches were not too much')
}

async function withTasks(): Promise<Person> {
  const person = await signUp()
  await insertTasks(person.user.id)
  return person
}

t.test(
  'whoever has used up their database time is a 429 that says why; others, plain lists and writes go on',
  async (t) => {
    const ann = await withTasks()
    t.equal((await ann.get(SEARCH)).statusCode, 200, 'the first is never too much')
    await useUp(ann)
    const before = await events.count()
    for (const url of METERED) {
      const refused = await ann.get(url)
      t.match(refused, { statusCode: 429, headers: { 'retry-after': /^([1-9]|[1-5]\d|60)$/ } }, url)
      t.match(refused.json(), { code: 'rate_limited', detail: /database time .* per minute/ })
      const bob = await signUp()
      t.equal((await bob.get(url)).statusCode, 200, `${url} of somebody else`)
    }
    for (const url of PLAIN) {
      t.equal((await ann.get(url)).statusCode, 200, url)
    }
    t.equal(await events.count(), before)
    t.equal((await ann.post('/api/v1/tasks', { title: 'x' })).statusCode, 201)
  }
)

t.test('searches in parallel use up no more than the time of those in progress', async (t) => {
  const ann = await withTasks()
  const answers = await Promise.all(Array.from({ length: 12 }, () => ann.get(SEARCH)))
  t.strictSame(countStatuses(answers), { 200: 4, 429: 8 })
  await useUp(ann)
  const later = await Promise.all(Array.from({ length: 12 }, () => ann.get(SEARCH)))
  t.strictSame(countStatuses(later), { 429: 12 })
})

t.test('an export that has begun is finished, and the next one is a 429', async (t) => {
  const ann = await withTasks()
  const file = await ann.get('/api/v1/task-exports/csv')
  t.equal(file.statusCode, 200)
  t.equal(file.body.trimEnd().split('\r\n').length, TASKS + 1)
  await useUp(ann)
  t.equal((await ann.get('/api/v1/task-exports/csv')).statusCode, 429)
})

t.test('an account with few tasks never uses up its time', async (t) => {
  const { signUp } = await createTestApp(t, { env: { RATE_LIMIT: 'on' } })
  const ann = await signUp()
  await ann.post('/api/v1/tasks', { title: 'alpha' })
  for (let i = 0; i < 3; i++) {
    for (const url of METERED) {
      t.equal((await ann.get(url)).statusCode, 200, url)
    }
  }
})

t.test('without rate limits database time is not counted', async (t) => {
  const { signUp, db } = await createTestApp(t, { env: { RATE_LIMIT_DATABASE_MS: '1' } })
  const ann = await signUp()
  await insertTasks(ann.user.id, db)
  const answers = await Promise.all([SEARCH, SEARCH, ...METERED].map((url) => ann.get(url)))
  t.strictSame(countStatuses(answers), { 200: METERED.length + 2 })
})

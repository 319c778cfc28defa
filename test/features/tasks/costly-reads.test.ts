import { sql } from 'drizzle-orm'
import t from 'tap'
import type { Task } from '../../../src/features/tasks/schema.ts'
import { countStatuses } from '../../support/status-counts.ts'
import { createTestApp } from '../../support/test-app.ts'

const { db, signUp } = await createTestApp(t, {
  env: { RATE_LIMIT: 'on', RATE_LIMIT_READS: '100000' }
})
const COSTLY = [
  '/api/v1/task-stats',
  '/api/v1/tasks?include_total=true',
  '/api/v1/tasks?q=a',
  '/api/v1/task-stats/history?days=366',
  '/api/v1/task-exports/csv'
]

t.test('a user has four costly reads in progress at once, of whatever kinds', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const urls = Array.from({ length: 20 }, (_, i) => COSTLY[i % 4] as string)
  const [answers, ofBob] = await Promise.all([
    Promise.all(urls.map((url) => ann.get(url))),
    bob.get('/api/v1/task-stats')
  ])
  t.strictSame(countStatuses(answers), { 200: 4, 429: 16 })
  t.equal(ofBob.statusCode, 200, "nobody else's are counted")
  const refused = answers.find(({ statusCode }) => statusCode === 429)
  t.match(refused, { headers: { 'retry-after': '1' } })
  t.equal(refused?.json().code, 'rate_limited')
  for (const url of COSTLY) {
    t.equal((await ann.get(url)).statusCode, 200, 'each has given its place back')
  }
})

t.test('plain lists and writes are never refused for being parallel', async (t) => {
  const ann = await signUp()
  const lists = Array.from({ length: 20 }, () => ann.get('/api/v1/tasks?status=todo'))
  const writes = Array.from({ length: 20 }, () => ann.post('/api/v1/tasks', { title: 'x' }))
  t.strictSame(countStatuses(await Promise.all(lists)), { 200: 20 })
  t.strictSame(countStatuses(await Promise.all(writes)), { 201: 20 })
})

t.test('without rate limits nothing is refused for being parallel', async (t) => {
  const { signUp } = await createTestApp(t)
  const ann = await signUp()
  const answers = await Promise.all(COSTLY.flatMap((url) => [1, 2, 3].map(() => ann.get(url))))
  t.strictSame(countStatuses(answers), { 200: 15 })
})

t.test(
  'a page of long tasks ends before a mebibyte, and the next one goes on from there',
  async (t) => {
    const ann = await signUp()
    await db.execute(sql`
    INSERT INTO tasks
      (owner_id, id, title, description, status, priority, tags)
    SELECT
      ${ann.user.id}::uuid, gen_random_uuid(), 'task ' || n, ${'"'.repeat(10_000)}::text,
      'todo', 'medium', '{}'
    FROM generate_series(1, 120) n`)
    const seen: string[] = []
    let next: string | null = '/api/v1/tasks?limit=100'
    let pages = 0
    while (next !== null) {
      const response = await ann.get(next)
      t.ok(response.body.length <= 1_048_576 + 10_000, `${response.body.length} bytes`)
      const { data, pagination } = response.json()
      t.match(pagination, { limit: 100, total_returned: data.length })
      seen.push(...data.map((task: Task) => task.id))
      pages++
      const cursor = encodeURIComponent(pagination.next_cursor)
      next = pagination.has_more ? `/api/v1/tasks?limit=100&cursor=${cursor}` : null
    }
    t.equal(pages, 3)
    t.equal(new Set(seen).size, 120)
    t.equal(seen.length, 120)
  }
)

import { sql } from 'drizzle-orm'
import t from 'tap'
import { executeRows } from '../../../src/db/rows.ts'
import { users } from '../../../src/db/tables/users.ts'
import { MAX_SCANNED } from '../../../src/features/people/queries.ts'
import type { Person as PersonBody } from '../../../src/features/people/schema.ts'
import { knows } from '../../../src/features/people/visibility.sql.ts'
import { inCluster } from '../../support/citus.ts'
import { createTestApp } from '../../support/test-app.ts'

const { db, signUp } = await createTestApp(t)
const ann = await signUp('user', 'ann')
const [zoe] = await executeRows<{ id: string }>(
  db,
  sql`INSERT INTO users (id, username, role) VALUES (gen_random_uuid(), 'zoe', 'user') RETURNING id`
)
await db.execute(sql`INSERT INTO owners VALUES (${zoe?.id}) ON CONFLICT DO NOTHING`)
await db.execute(sql`
  INSERT INTO users (id, username, role)
  SELECT gen_random_uuid(), 'member-' || n, 'user'
  FROM generate_series(1, ${MAX_SCANNED * 2}) n`)
await db.execute(sql`
  INSERT INTO tasks (owner_id, id, title, status, priority, tags, assignee_id)
  SELECT ${ann.user.id}, gen_random_uuid(), 'Task', 'todo', 'low', '{}', CASE WHEN n = 1 THEN ${zoe?.id}::uuid END
  FROM generate_series(1, 20000) n`)
// Nearly all tasks that are assigned to her are of one person, so that the planner expects many of anybody.
await db.execute(sql`
  INSERT INTO tasks (owner_id, id, title, status, priority, tags, assignee_id)
  SELECT ${zoe?.id}, gen_random_uuid(), 'Task', 'todo', 'low', '{}', ${ann.user.id}
  FROM generate_series(1, 10000) n`)
await db.execute(sql`VACUUM ANALYZE users`)
await db.execute(sql`VACUUM ANALYZE tasks`)

t.test(
  'a page looks at a bounded number of accounts, and the last of them finds who is far',
  async (t) => {
    const found: string[] = []
    let cursor = ''
    let pages = 0
    do {
      const { data, pagination } = (await ann.get(`/api/v1/people?limit=2${cursor}`)).json()
      t.equal(pagination.total_returned, data.length)
      t.equal(pagination.has_more, pagination.next_cursor !== null)
      found.push(...data.map(({ username }: PersonBody) => username))
      cursor = pagination.next_cursor === null ? '' : `&cursor=${pagination.next_cursor}`
      pages++
      if (cursor !== '') {
        const position = Buffer.from(pagination.next_cursor, 'base64url').toString('latin1')
        t.notMatch(position, 'member', 'a cursor does not name whom the caller does not know')
      }
    } while (cursor !== '')
    t.strictSame(found, ['ann', 'zoe'])
    t.equal(pages, 3)
  }
)

t.test(
  'whoever is found by id or beginning costs a probe, however many tasks there are',
  { skip: await inCluster('there the owners of tasks are found by who has assigned one') },
  async (t) => {
    t.match((await ann.get(`/api/v1/people?id=${zoe?.id}`)).json().data, [{ username: 'zoe' }])
    t.match((await ann.get('/api/v1/people?q=zo')).json().data, [{ username: 'zoe' }])
    const plan = await executeRows<{ 'QUERY PLAN': string }>(
      db,
      sql`EXPLAIN SELECT id FROM ${users} WHERE ${knows(ann.user.id, users.id, undefined)}`
    )
    const lines = plan.map((line) => line['QUERY PLAN'])
    const scans = lines.filter((line) => / on tasks/.test(line))
    t.equal(scans.length, 2)
    for (const scan of scans) {
      t.match(scan, /Index (Only )?Scan using tasks_people on tasks/)
    }
    t.notMatch(lines.join('\n'), /hashed/)
  }
)

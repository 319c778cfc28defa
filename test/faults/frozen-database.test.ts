import { setTimeout as pause } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import t from 'tap'
import { openDatabase } from '../../src/db/client.ts'
import { createOutageApp, POOL, traffic, untilServed, WORKERS } from '../support/outage.ts'
import { startPostgres, withoutPostgres } from '../support/postgres-server.ts'
import { waitUntil } from '../support/wait-until.ts'

/** How long a caller waits for a connection at most. */
const RESPONSE_MS = 1500

const server = withoutPostgres ? (undefined as never) : await startPostgres(t)

t.test(
  'requests do not wait for a frozen server beyond the deadline, and use it again once it thaws',
  { skip: withoutPostgres },
  async (t) => {
    const { ann } = await createOutageApp(t, server)
    const { more, settle } = traffic(t, ann)
    await more('served', 40)
    await server.freeze()
    // Three calls of each caller: the first wait on open connections, the others for new ones.
    await more('unavailable', 3 * WORKERS)
    server.thaw()
    await untilServed(t, ann)
    await settle()
  }
)

t.test(
  'an instance whose server is frozen can still be closed',
  { skip: withoutPostgres },
  async (t) => {
    const database = await openDatabase({ url: server.url, dataDir: '', pool: POOL })
    await database.db.execute(sql`select 1`)
    await server.freeze()
    const failed = t.rejects(database.db.execute(sql`select 1`))
    await database.close()
    await failed
    server.thaw()
  }
)

t.test(
  'a pool full of slow statements rejects further ones in time and recovers',
  { skip: withoutPostgres },
  async (t) => {
    const { ann, db } = await createOutageApp(t, server)
    const { more, settle } = traffic(t, ann)
    await more('served', 40)
    const slow = Array.from({ length: POOL }, () => t.rejects(db.execute(sql`select pg_sleep(60)`)))
    await Promise.all(slow)
    await untilServed(t, ann)
    await settle()
  }
)

for (const how of ['transactions', 'statements'] as const) {
  t.test(
    `while ${how} keep every connection busy, other requests get a 503 in time, and running work is finished`,
    { skip: withoutPostgres },
    async (t) => {
      const { ann, request, db } = await createOutageApp(t, server)
      const nap = sql`select pg_sleep(2.5)`
      const busy = Array.from({ length: POOL }, () =>
        how === 'statements' ? db.execute(nap).then() : db.transaction((tx) => tx.execute(nap))
      )
      const asleep = () =>
        server.admin(
          (sql) => sql`
            SELECT pid
            FROM pg_stat_activity
            WHERE query = 'select pg_sleep(2.5)' AND state = 'active'`
        )
      await waitUntil('a busy pool', async () => (await asleep()).length === POOL)
      const startedAt = performance.now()
      const responses = await Promise.all([
        ann.get('/api/v1/tasks'),
        ann.post('/api/v1/tasks', { title: 'Paint the door' }),
        request({
          method: 'POST',
          url: '/api/v1/auth/login',
          payload: { username: 'ann', password: 'whatever it was' }
        }),
        request({ url: '/health/ready' })
      ])
      const took = performance.now() - startedAt
      t.ok(took < RESPONSE_MS, `responded after ${Math.round(took)} ms`)
      for (const response of responses) {
        t.match(response, { statusCode: 503, headers: { 'retry-after': '1' } }, response.body)
      }
      t.match(
        responses.map((response) => response.json().detail),
        Array(responses.length).fill(/Nothing was changed|confirmed/)
      )
      await Promise.all(busy)
      await untilServed(t, ann)
    }
  )
}

t.test(
  'without time limits on the server the pool recovers too, and statements are cancelled',
  { skip: withoutPostgres },
  async (t) => {
    await server.admin((sql) => sql`alter role app reset all`)
    const { ann, db } = await createOutageApp(t, server)
    await Promise.all(
      Array.from({ length: POOL }, () => t.rejects(db.execute(sql`select pg_sleep(60)`)))
    )
    const asleep = () =>
      server.admin(
        (sql) => sql`
          SELECT pid
          FROM pg_stat_activity
          WHERE query LIKE '%pg_sleep(60)%' AND state = 'active' AND pid <> pg_backend_pid()`
      )
    while ((await asleep()).length > 0) {
      await pause(100)
    }
    await untilServed(t, ann)
  }
)

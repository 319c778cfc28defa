import { setTimeout as pause } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import t from 'tap'
import { openDatabase } from '../../src/db/client.ts'
import { createOutageApp, POOL, traffic, untilServed, WORKERS } from '../support/outage.ts'
import { startPostgres, withoutPostgres } from '../support/postgres-server.ts'
import { waitUntil } from '../support/wait-until.ts'

/** What is promised to whoever waits for a connection. */
const TOLD_MS = 1500

const server = withoutPostgres ? (undefined as never) : await startPostgres(t)

t.test(
  'a server that is frozen is not waited for beyond the deadline, and is used again once it thaws',
  { skip: withoutPostgres },
  async (t) => {
    const { ann } = await createOutageApp(t, server)
    const { more, settle } = traffic(t, ann)
    await more('served', 40)
    await server.freeze()
    // Three calls of everybody: the first wait on open connections, the others for new ones.
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
    const refused = t.rejects(database.db.execute(sql`select 1`))
    await database.close()
    await refused
    server.thaw()
  }
)

t.test(
  'a pool full of slow statements refuses the others in time and empties itself',
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
    `while ${how} keep every connection busy, others are told so within a second and a half, and what was under way comes to its end`,
    { skip: withoutPostgres },
    async (t) => {
      const { ann, request, db } = await createOutageApp(t, server)
      const nap = sql`select pg_sleep(2.5)`
      const busy = Array.from({ length: POOL }, () =>
        how === 'statements' ? db.execute(nap).then() : db.transaction((tx) => tx.execute(nap))
      )
      const asleep = () =>
        server.admin(
          (sql) =>
            sql`select pid from pg_stat_activity where query = 'select pg_sleep(2.5)' and state = 'active'`
        )
      await waitUntil('a pool that is busy', async () => (await asleep()).length === POOL)
      const startedAt = performance.now()
      const answers = await Promise.all([
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
      t.ok(took < TOLD_MS, `told after ${Math.round(took)} ms`)
      for (const answer of answers) {
        t.match(answer, { statusCode: 503, headers: { 'retry-after': '1' } }, answer.body)
      }
      t.match(
        answers.map((answer) => answer.json().detail),
        Array(answers.length).fill(/Nothing was changed|confirmed/)
      )
      await Promise.all(busy)
      await untilServed(t, ann)
    }
  )
}

t.test(
  "without any time limit on the server's side the pool empties itself too, and the server is told to stop",
  { skip: withoutPostgres },
  async (t) => {
    await server.admin((sql) => sql`alter role app reset all`)
    const { ann, db } = await createOutageApp(t, server)
    await Promise.all(
      Array.from({ length: POOL }, () => t.rejects(db.execute(sql`select pg_sleep(60)`)))
    )
    const asleep = () =>
      server.admin(
        (sql) =>
          sql`select pid from pg_stat_activity where query like '%pg_sleep(60)%' and state = 'active' and pid <> pg_backend_pid()`
      )
    while ((await asleep()).length > 0) {
      await pause(100)
    }
    await untilServed(t, ann)
  }
)

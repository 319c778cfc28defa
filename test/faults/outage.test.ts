import { setTimeout as pause } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import t from 'tap'
import { createOutageApp, traffic, untilServed } from '../support/outage.ts'
import { startPostgres, withoutPostgres } from '../support/postgres-server.ts'

const server = withoutPostgres ? (undefined as never) : await startPostgres(t)

t.test(
  'sessions that are terminated under concurrent transactions cost a 503 each and nothing else',
  { skip: withoutPostgres },
  async (t) => {
    const { ann } = await createOutageApp(t, server)
    const { seen, more, settle } = traffic(t, ann)
    for (let round = 0; round < 10; round++) {
      await more('served', 20)
      t.ok((await server.terminateBackends()) > 0)
    }
    await more('served', 20)
    await settle()
    t.ok(seen.unavailable > 0, 'some calls were caught')
  }
)

for (const how of ['fast', 'immediate'] as const) {
  t.test(
    `a server that is stopped (${how}) and started again is found again`,
    { skip: withoutPostgres },
    async (t) => {
      const { ann, request } = await createOutageApp(t, server)
      const { more, settle } = traffic(t, ann)
      await more('served', 40)
      await server.stop(how)
      await more('unavailable', 40)
      t.equal((await request({ url: '/health/ready' })).statusCode, 503)
      t.equal((await request({ url: '/health/live' })).statusCode, 200)
      const login = await request({
        method: 'POST',
        url: '/api/v1/auth/login',
        payload: { username: ann.user.username, password: 'whatever it was' }
      })
      t.match(login, { statusCode: 503, headers: { 'retry-after': '1' } })
      await server.start()
      await untilServed(t, ann)
      t.equal((await request({ url: '/health/ready' })).statusCode, 200)
      await settle()
    }
  )
}

const WRITES = {
  'a transaction': { headers: { 'idempotency-key': 'once' }, statement: 'commit' },
  'a statement of its own': { headers: {}, statement: 'with "created"%' }
}
for (const [how, { headers, statement }] of Object.entries(WRITES)) {
  t.test(
    `a change by ${how} is called unknown when its session dies while it commits`,
    { skip: withoutPostgres },
    async (t) => {
      const { ann, db } = await createOutageApp(t, server)
      await db.execute(
        sql.raw(
          `create or replace function dawdle() returns trigger language plpgsql as $$ begin perform pg_sleep(60); return null; end $$`
        )
      )
      await db.execute(
        sql`create constraint trigger slow_commit after insert on tasks deferrable initially deferred for each row when (new.title = 'Slow to commit') execute function dawdle()`
      )
      const answer = ann.send({
        method: 'POST',
        url: '/api/v1/tasks',
        headers,
        payload: { title: 'Slow to commit' }
      })
      const committing = () =>
        server.admin(
          (sql) =>
            sql`select pid from pg_stat_activity where usename = 'app' and state = 'active' and query like ${statement}`
        )
      while ((await committing()).length === 0) {
        await pause(20)
      }
      await server.terminateBackends()
      t.match(await answer, {
        statusCode: 503,
        headers: { 'retry-after': '1' },
        body: /before it confirmed the change/
      })
      await db.execute(sql`drop trigger slow_commit on tasks`)
    }
  )
}

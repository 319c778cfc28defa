import { setTimeout as pause } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import t from 'tap'
import { createOutageApp, traffic, untilServed } from '../support/outage.ts'
import { startPostgres, withoutPostgres } from '../support/postgres-server.ts'
import { waitUntil } from '../support/wait-until.ts'

const server = withoutPostgres ? (undefined as never) : await startPostgres(t)

t.test(
  'database sessions terminated during concurrent transactions cost a 503 each and nothing else',
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
    t.ok(seen.unavailable > 0, 'some calls got a 503')
  }
)

for (const how of ['fast', 'immediate'] as const) {
  t.test(
    `a database server that is stopped (${how}) and started is used again`,
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
      await waitUntil(
        'readiness',
        async () => (await request({ url: '/health/ready' })).statusCode === 200
      )
      await settle()
    }
  )
}

/** Makes the commit of a task with a certain title wait. */
const WAITING_FUNCTION = `
  CREATE OR REPLACE FUNCTION wait_long() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    PERFORM pg_sleep(60);
    RETURN NULL;
  END $$`
const SLOW_COMMIT = `
  CREATE CONSTRAINT TRIGGER slow_commit
  AFTER INSERT ON tasks
  DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW
  WHEN (new.title = 'Slow to commit')
  EXECUTE FUNCTION wait_long()`
const WRITES = {
  'a transaction': { headers: { 'idempotency-key': 'once' }, statement: 'commit' },
  'a statement of its own': { headers: {}, statement: 'with "created"%' }
}
for (const [how, { headers, statement }] of Object.entries(WRITES)) {
  t.test(
    `a change by ${how} is reported as unconfirmed when its session dies during commit`,
    { skip: withoutPostgres },
    async (t) => {
      const { ann, db } = await createOutageApp(t, server)
      await db.execute(sql.raw(WAITING_FUNCTION))
      await db.execute(sql.raw(SLOW_COMMIT))
      const response = ann.send({
        method: 'POST',
        url: '/api/v1/tasks',
        headers,
        payload: { title: 'Slow to commit' }
      })
      const committing = () =>
        server.admin(
          (sql) => sql`
            SELECT pid
            FROM pg_stat_activity
            WHERE usename = 'app' AND state = 'active' AND query LIKE ${statement}`
        )
      while ((await committing()).length === 0) {
        await pause(20)
      }
      await server.terminateBackends()
      t.match(await response, {
        statusCode: 503,
        headers: { 'retry-after': '1' },
        body: /before it confirmed the change/
      })
      await db.execute(sql`drop trigger slow_commit on tasks`)
    }
  )
}

import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { sql } from 'drizzle-orm'
import t from 'tap'
import { createOutageApp } from '../support/outage.ts'
import { startPostgres, withoutPostgres } from '../support/postgres-server.ts'

/** Far more than sockets and streams buffer, so that most of it is still to be read when the server stops. */
const ROWS = 3000
const DESCRIPTION = 'x'.repeat(10_000)

t.test(
  'a database that restarts in the middle of an export costs the file no rows',
  { skip: withoutPostgres },
  async (t) => {
    const server = await startPostgres(t)
    const { app, ann, db } = await createOutageApp(t, server)
    await db.execute(sql`
      INSERT INTO tasks (owner_id, id, title, description, status, priority, tags)
      SELECT
        ${ann.user.id}::uuid, gen_random_uuid(), 'task ' || n, ${DESCRIPTION}::text,
        'todo', 'medium', '{}'
      FROM generate_series(1, ${ROWS}::int) n`)
    await app.listen({ port: 0, host: '127.0.0.1' })
    const { port } = app.server.address() as AddressInfo
    const [response] = (await once(
      get({
        port,
        host: '127.0.0.1',
        path: '/api/v1/task-exports/csv',
        headers: { authorization: `Bearer ${ann.access_token}` }
      }),
      'response'
    )) as [IncomingMessage]
    await server.stop('immediate')
    const whole = buffer(response)
    await server.start()
    const records = (await whole).toString().trimEnd().split('\r\n').slice(1)
    t.equal(new Set(records.map((record) => record.split(',')[0])).size, ROWS)
  }
)

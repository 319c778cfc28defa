import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { sql } from 'drizzle-orm'
import t from 'tap'
import { createOutageApp } from '../support/outage.ts'
import { startPostgres, withoutPostgres } from '../support/postgres-server.ts'

/** Far more than sockets and streams hold by themselves, so that most of it is still to be read when the server goes. */
const ROWS = 3000
const DESCRIPTION = 'x'.repeat(10_000)

t.test(
  'a database that restarts in the middle of an export costs the file no row',
  { skip: withoutPostgres },
  async (t) => {
    const server = await startPostgres(t)
    const { app, ann, db } = await createOutageApp(t, server)
    await db.execute(sql`insert into tasks (owner_id, id, title, description, status, priority, tags)
    select ${ann.user.id}::uuid, gen_random_uuid(), 'task ' || n, ${DESCRIPTION}::text, 'todo', 'medium', '{}' from generate_series(1, ${ROWS}::int) n`)
    await app.listen({ port: 0, host: '127.0.0.1' })
    const { port } = app.server.address() as AddressInfo
    const [answer] = (await once(
      get({
        port,
        host: '127.0.0.1',
        path: '/api/v1/task-exports/csv',
        headers: { authorization: `Bearer ${ann.access_token}` }
      }),
      'response'
    )) as [IncomingMessage]
    await server.stop('immediate')
    const whole = buffer(answer)
    await server.start()
    const records = (await whole).toString().trimEnd().split('\r\n').slice(1)
    t.equal(new Set(records.map((record) => record.split(',')[0])).size, ROWS)
  }
)

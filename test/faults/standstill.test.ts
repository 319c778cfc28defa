import { setTimeout as pause } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import t from 'tap'
import { openDatabase } from '../../src/db/client.ts'
import { household, POOL, traffic, untilServed, WORKERS } from '../support/outage.ts'
import { ownServer, withoutPostgres } from '../support/postgres-server.ts'

const server = withoutPostgres ? undefined as never : await ownServer(t)

t.test('a server that is frozen is not waited for beyond the deadline, and is used again once it thaws', { skip: withoutPostgres }, async (t) => {
  const { ann } = await household(t, server)
  const { more, settle } = traffic(t, ann)
  await more('served', 40)
  await server.freeze()
  // Three calls of everybody: the first wait on open connections, the others for new ones.
  await more('refused', 3 * WORKERS)
  server.thaw()
  await untilServed(t, ann)
  await settle()
})

t.test('an instance whose server is frozen can still be closed', { skip: withoutPostgres }, async (t) => {
  const database = await openDatabase({ url: server.url, dataDir: '', pool: POOL })
  await database.db.execute(sql`select 1`)
  await server.freeze()
  const refused = t.rejects(database.db.execute(sql`select 1`))
  await database.close()
  await refused
  server.thaw()
})

t.test('a pool full of slow statements refuses the others in time and empties itself', { skip: withoutPostgres }, async (t) => {
  const { ann, db } = await household(t, server)
  const { more, settle } = traffic(t, ann)
  await more('served', 40)
  const slow = Array.from({ length: POOL }, () => t.rejects(db.execute(sql`select pg_sleep(60)`)))
  await Promise.all(slow)
  await untilServed(t, ann)
  await settle()
})

t.test('without any time limit on the server\'s side the pool empties itself too, and the server is told to stop', { skip: withoutPostgres }, async (t) => {
  await server.admin((sql) => sql`alter role app reset all`)
  const { ann, db } = await household(t, server)
  await Promise.all(Array.from({ length: POOL }, () => t.rejects(db.execute(sql`select pg_sleep(60)`))))
  const asleep = () => server.admin((sql) => sql`select pid from pg_stat_activity where query like '%pg_sleep(60)%' and state = 'active' and pid <> pg_backend_pid()`)
  while ((await asleep()).length > 0) await pause(100)
  await untilServed(t, ann)
})

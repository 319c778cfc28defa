import { networkInterfaces } from 'node:os'
import { sql } from 'drizzle-orm'
import t from 'tap'
import { openDatabase } from '../../src/db/client.ts'
import { executeRows } from '../../src/db/rows.ts'
import { freePort, startPostgres, withoutPostgres } from '../support/postgres-server.ts'

const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === '::1')
)
const OTHERS_PARAMETERS =
  'schema=public&pgbouncer=true&connection_limit=5&pool_timeout=10&channel_binding=prefer&sslmode=prefer' +
  '&connect_timeout=10&application_name=mine'

t.test(
  'PostgreSQL is reached by every form of address that psql takes',
  { skip: withoutPostgres },
  async (t) => {
    const server = await startPostgres(t, {
      settings: { listen_addresses: hasIpv6 ? '127.0.0.1,::1' : '127.0.0.1' }
    })
    const { port } = server
    const socket = await server.admin(async (admin) => {
      const [row] = await admin`select current_setting('unix_socket_directories') as folder`
      return row?.folder as string
    })
    const closed = await freePort()
    const urls = [
      `postgres://app@127.0.0.1:${port}/tasklane?${OTHERS_PARAMETERS}`,
      `postgresql://app@localhost:${port}/tasklane?sslmode=disable`,
      `postgres://app@127.0.0.1:${port}/tasklane?sslmode=allow`,
      `postgres://app@127.0.0.1/tasklane?port=${port}`,
      `postgres://app@${encodeURIComponent(socket)}:${port}/tasklane`,
      `postgres:///tasklane?host=${socket}&user=app&port=${port}&sslmode=require`,
      `postgres://app@127.0.0.1:${closed},127.0.0.1:${port}/tasklane`,
      `postgres://app@127.0.0.1:${closed},localhost:${port}/tasklane?target_session_attrs=read-write`,
      ...(hasIpv6 ? [`postgres://app:a%25b@[::1]:${port}/tasklane`] : [])
    ]
    for (const url of urls) {
      const database = await openDatabase({ url, dataDir: '', pool: 2 })
      t.teardown(() => database.close())
      const [row] = await executeRows(
        database.db,
        sql`select current_database() as name, current_setting('DateStyle') as style`
      )
      t.match(row, { name: 'tasklane', style: /^ISO/ }, url)
      await database.close()
    }
  }
)

t.test(
  'of several hosts the next is tried also when the first has gone while it was used',
  { skip: withoutPostgres },
  async (t) => {
    const [first, second] = await Promise.all([startPostgres(t), startPostgres(t)])
    const url = `postgres://app@127.0.0.1:${first.port},127.0.0.1:${second.port}/tasklane`
    const database = await openDatabase({ url, dataDir: '', pool: 2 })
    t.teardown(() => database.close())
    const portInUse = async () => {
      const [row] = await executeRows<{ port: number }>(
        database.db,
        sql`select inet_server_port() as port`
      )
      return row?.port
    }
    t.equal(await portInUse(), first.port)
    await first.stop()
    // The first statement may meet the session that has just died.
    t.equal(await portInUse().catch(portInUse), second.port)
  }
)

import type { Test } from 'tap'
import { distribute, planDistribution } from '../../src/db/citus/distribute.ts'
import { hasCitus } from '../../src/db/citus/distribution.ts'
import type { Db } from '../../src/db/client.ts'
import { createEmptyDatabase } from './database.ts'

type Admin = import('postgres').Sql

/** Few, since each test has a database of its own, and each shard has all indexes. */
const SHARDS = 2

/** The nodes of the cluster that the database of `admin` coordinates; none without Citus. */
export async function listWorkers(admin: Admin): Promise<{ host: string; port: number }[]> {
  const [found] = await admin.unsafe("select 1 from pg_extension where extname = 'citus'")
  if (!found) {
    return []
  }
  const rows = await admin.unsafe(
    'select nodename as host, nodeport as port from pg_dist_node where groupid > 0 order by nodeid'
  )
  return rows as unknown as { host: string; port: number }[]
}

/** The URLs of the same database on the workers of a server; none without Citus. */
export async function workerUrls(admin: Admin, server: string): Promise<string[]> {
  return (await listWorkers(admin)).map(({ host, port }) => {
    const url = new URL(server)
    url.hostname = host
    url.port = String(port)
    return url.href
  })
}

/** Makes a cluster of an empty database on a coordinator and those of the same name on its workers. */
export async function connectNodes(database: string, workers: string[]): Promise<void> {
  const { hostname, port, pathname } = new URL(database)
  const inDatabase = async (server: string, statements: string[]) => {
    const url = new URL(server)
    url.pathname = pathname
    await inServer(url.href, async (own) => {
      for (const statement of statements) {
        await own.unsafe(statement)
      }
    })
  }
  const create = 'create extension citus'
  for (const worker of workers) {
    await inDatabase(worker, [create])
  }
  await inDatabase(database, [
    create,
    `select citus_set_coordinator_host('${hostname}', ${port || 5432})`,
    ...workers.map((worker) => {
      const at = new URL(worker)
      return `select citus_add_node('${at.hostname}', ${at.port || 5432})`
    })
  ])
}

/** Distributes a migrated database where there is a cluster. */
export async function distributeTest(db: Db): Promise<void> {
  if (await hasCitus(db)) {
    await distribute(db, await planDistribution(db, SHARDS))
  }
}

/** Why a test that needs a cluster cannot run here, or false. */
export async function withoutCitus(): Promise<string | false> {
  const server = process.env.TEST_DATABASE_URL
  if (server === undefined) {
    return 'there is no server'
  }
  const nodes = await inServer(server, (admin) => listWorkers(admin))
  return nodes.length === 0 && 'the server has no Citus'
}

/** Why a test that looks into the server that stores tasks cannot run in a cluster, or false. */
export const inCluster = async (reason: string): Promise<string | false> =>
  (await withoutCitus()) === false && `in a cluster: ${reason}`

/** Makes an empty cluster, which is dropped with the test. */
export async function createCluster(t: Pick<Test, 'teardown'>) {
  const database = await createEmptyDatabase()
  const url = database.url as string
  const name = new URL(url).pathname.slice(1)
  const server = process.env.TEST_DATABASE_URL as string
  const workers = await inServer(server, (admin) => workerUrls(admin, server))
  const onWorkers = async (statementFor: (name: string) => string) => {
    for (const worker of workers) {
      await inServer(worker, (own) => own.unsafe(statementFor(name)))
    }
  }
  t.teardown(async () => {
    await database.close()
    await onWorkers((it) => `drop database if exists ${it} with (force)`)
  })
  await onWorkers((it) => `create database ${it} template template0`)
  await connectNodes(url, workers)
  return { url, database, db: database.db, onWorkers }
}

async function inServer<T>(server: string, work: (admin: Admin) => Promise<T>): Promise<T> {
  const { default: postgres } = await import('postgres')
  const admin = postgres(server, { max: 1, onnotice() {} })
  try {
    return await work(admin)
  } finally {
    await admin.end()
  }
}

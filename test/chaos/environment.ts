import { randomBytes } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createPglite } from '../../src/db/client.ts'
import { freePort, type PostgresServer, startPostgres } from '../support/postgres-server.ts'
import { startRedis } from '../support/redis-server.ts'
import { waitUntil } from '../support/wait-until.ts'
import { createBalancer, isReady } from './balancer.ts'
import { createStandbys, type Standbys } from './failover.ts'
import { Service } from './service.ts'
import { openTcpProxy, type TcpProxy } from './tcp-proxy.ts'
import { mountVolume } from './volume.ts'

const START_MS = 30_000
/** An acknowledged write is on the disk; the test suite does without, for speed. */
const DURABLE = { fsync: 'on', synchronous_commit: 'on' }
/** Settings of every environment. Tokens outlive any run and limits are off: neither is under test here. */
const COMMON_ENV = {
  EMAIL_ENABLED: 'off',
  ACCESS_TOKEN_TTL: '86400',
  RATE_LIMIT: 'off',
  LOG_LEVEL: 'warn'
}

export interface ApiInstance {
  service: Service
  port: number
}

export interface Environment {
  folder: string
  postgres: PostgresServer
  redis: Awaited<ReturnType<typeof startRedis>>
  apis: ApiInstance[]
  /** The worker that runs imports; the API process itself with an embedded database. */
  worker: Service
  /** Where callers connect: it passes them to each ready instance in turn. */
  balancer: TcpProxy
  /** The network between our processes and PostgreSQL or Redis. */
  postgresProxy: TcpProxy
  redisProxy: TcpProxy
  /** The standbys of PostgreSQL; for plans with `standbys`. */
  standbys: Standbys
  /** Where the plan's volume is mounted. */
  volumeFolder: string | undefined
  /** The environment of the API, for another process on the same database. */
  env: Record<string, string>
  /** Queries the database directly, past the API and its caches. `$1` is `owners`, an array of ids. */
  query<T>(statement: string, owners: string[]): Promise<T[]>
  close(): Promise<void>
}

export interface EnvironmentPlan {
  /** One instance on the embedded database; then there is neither PostgreSQL nor Redis, nor a proxy to them. */
  embedded: boolean
  /** The number of API instances, and of processes in each. */
  instances: number
  processes: number
  /** Settings of PostgreSQL beside the durable ones. */
  postgres: Record<string, string>
  /** Variables of the API and the worker. */
  env: Record<string, string>
  /** Whether standbys may take over from PostgreSQL: then the primary is another server afterwards. */
  standbys: boolean
  /** A small volume for the data of PostgreSQL, or for its write-ahead log alone. */
  volume: { holds: 'data' | 'wal'; mib: number } | undefined
}

const DEFAULT_PLAN: EnvironmentPlan = {
  embedded: false,
  instances: 2,
  processes: 1,
  postgres: {},
  env: {},
  standbys: false,
  volume: undefined
}

/** Completes a plan with the defaults. */
export const completePlan = (plan: Partial<EnvironmentPlan> = {}): EnvironmentPlan => ({
  ...DEFAULT_PLAN,
  ...plan
})

type Cleanup = () => unknown
type Teardown = (cleanup: Cleanup) => void
type OpenEnvironment = Omit<Environment, 'close'>

/** Starts Tasklane with servers of its own, all on loopback; `close` removes everything. */
export async function startEnvironment(plan: EnvironmentPlan): Promise<Environment> {
  const cleanups: Cleanup[] = []
  const close = async () => {
    for (const cleanup of cleanups.reverse()) {
      await cleanup()
    }
  }
  const teardown = (cleanup: Cleanup) => {
    cleanups.push(cleanup)
  }
  try {
    const folder = mkdtempSync(join(tmpdir(), 'tasklane-chaos-'))
    chmodSync(folder, 0o700)
    teardown(() => rmSync(folder, { recursive: true, force: true }))
    const start = plan.embedded ? startEmbedded : startDistributed
    return { ...(await start(plan, folder, teardown)), close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Starts several processes on PostgreSQL and Redis. */
async function startDistributed(
  plan: EnvironmentPlan,
  folder: string,
  teardown: Teardown
): Promise<OpenEnvironment> {
  const backends = await startBackends(plan, teardown)
  const { postgres, redis, standbys, postgresProxy, redisProxy } = backends
  // Production does not serve as the owner of the tables.
  await postgres.admin((sql) => sql`alter database tasklane owner to postgres`)
  const ownerUrl = postgres.url.replace('//app@', '//postgres@')
  const env = {
    ...COMMON_ENV,
    NODE_ENV: 'production',
    REGISTRATION: 'open',
    DATABASE_URL: viaProxy(postgres.url, postgresProxy),
    DATABASE_MIGRATION_URL: viaProxy(ownerUrl, postgresProxy),
    REDIS_URL: viaProxy(redis.url, redisProxy),
    JWT_SECRET: randomBytes(48).toString('base64'),
    WORKER_ENABLED: 'off',
    WEB_CONCURRENCY: String(plan.processes),
    ...plan.env
  }
  const apis: ApiInstance[] = []
  for (let number = 1; number <= plan.instances; number++) {
    const port = await freePort()
    const service = new Service(`api-${number}`, 'start', { ...env, PORT: String(port) }, folder)
    apis.push({ port, service })
  }
  const worker = new Service('worker', 'worker', { ...env, WEB_CONCURRENCY: '1' }, folder)
  const balancer = await startServices(apis, [worker], teardown)
  const query = async <T>(statement: string, owners: string[]) => {
    const url = standbys.primary().url.replace('//app@', '//postgres@')
    return (await queryPostgres(url, statement, owners)) as T[]
  }
  return { ...backends, folder, apis, worker, balancer, env, query }
}

/** Starts PostgreSQL, Redis and the proxies in front of them. */
async function startBackends(plan: EnvironmentPlan, teardown: Teardown) {
  const volumeFolder = plan.volume && mountVolume({ teardown }, plan.volume.mib)
  const volume = plan.volume && { folder: volumeFolder as string, holds: plan.volume.holds }
  const [postgres, redis] = await Promise.all([
    startPostgres({ teardown }, { volume, settings: { ...DURABLE, ...plan.postgres } }),
    startRedis({ teardown })
  ])
  const standbys = createStandbys({ teardown }, postgres, DURABLE)
  const postgresProxy = await openTcpProxy(() => [standbys.primary().port])
  const redisProxy = await openTcpProxy(() => [Number(new URL(redis.url).port)])
  teardown(() => {
    postgresProxy.close()
    redisProxy.close()
  })
  return { postgres, redis, standbys, postgresProxy, redisProxy, volumeFolder }
}

/** Starts one process with its database inside, in development mode: production rejects the embedded database. */
async function startEmbedded(
  plan: EnvironmentPlan,
  folder: string,
  teardown: Teardown
): Promise<OpenEnvironment> {
  const port = await freePort()
  const env = { ...COMMON_ENV, DRAIN_SECONDS: '0', PORT: String(port), ...plan.env }
  const service = new Service('api-1', 'start', env, folder)
  const apis = [{ service, port }]
  const balancer = await startServices(apis, [], teardown)
  /** One process at a time can open the database: the server is stopped for the query. */
  const query = async <T>(statement: string, owners: string[]): Promise<T[]> => {
    await service.stop()
    const database = await createPglite({ dataDir: join(folder, 'database') })
    try {
      return (await database.query<T>(statement, [owners])).rows
    } finally {
      await database.close()
      service.start()
      await waitUntilReady(apis)
    }
  }
  const none = undefined as never
  return {
    folder,
    postgres: none,
    redis: none,
    postgresProxy: none,
    redisProxy: none,
    standbys: none,
    volumeFolder: undefined,
    apis,
    worker: service,
    balancer,
    env,
    query
  }
}

/** Starts all services, waits until every instance is ready, and returns the balancer in front of them. */
async function startServices(
  apis: ApiInstance[],
  others: Service[],
  teardown: Teardown
): Promise<TcpProxy> {
  const services = [...apis.map(({ service }) => service), ...others]
  teardown(() =>
    Promise.all(
      services.map((service) => {
        // A process that SIGSTOP holds does not end before SIGCONT.
        service.kill('SIGCONT')
        return service.stop('SIGKILL')
      })
    )
  )
  for (const service of services) {
    service.start()
  }
  const { nextPorts, stop } = createBalancer(apis.map(({ port }) => port))
  const proxy = await openTcpProxy(nextPorts)
  teardown(() => {
    stop()
    proxy.close()
  })
  await waitUntilReady(apis)
  return proxy
}

const waitUntilReady = (apis: ApiInstance[]) =>
  waitUntil(
    'readiness of every instance',
    async () => (await Promise.all(apis.map(({ port }) => isReady(port)))).every(Boolean),
    START_MS
  )

async function queryPostgres(url: string, statement: string, owners: string[]): Promise<unknown[]> {
  const { default: connect } = await import('postgres')
  const sql = connect(url, { max: 1, onnotice() {} })
  try {
    return await sql.unsafe(statement, [owners as never])
  } finally {
    await sql.end()
  }
}

function viaProxy(url: string, proxy: TcpProxy): string {
  const proxied = new URL(url)
  proxied.port = String(proxy.port)
  return proxied.href
}

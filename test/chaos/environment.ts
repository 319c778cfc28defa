import { randomBytes } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createPglite } from '../../src/db/client.ts'
import { freePort, type PostgresServer, startPostgres } from '../support/postgres-server.ts'
import { startRedis } from '../support/redis-server.ts'
import { waitUntil } from '../support/wait-until.ts'
import { type Succession, succession } from './failover.ts'
import { Service } from './service.ts'
import { type Link, openLink } from './tcp-proxy.ts'
import { mountVolume } from './volume.ts'

/** As often as a load balancer asks by habit; two of them fit into DRAIN_SECONDS. */
const PROBE_MS = 500
const START_MS = 30_000
/** What is acknowledged is on the disk: the suite goes without, for speed. */
const DURABLE = { fsync: 'on', synchronous_commit: 'on' }

export interface Api {
  service: Service
  port: number
}

export interface Installation {
  folder: string
  postgres: PostgresServer
  redis: Awaited<ReturnType<typeof startRedis>>
  /** The instances that serve, and the worker that imports: with an embedded database one and the same. */
  apis: Api[]
  worker: Service
  /** Where callers go: to each instance that is ready in turn. */
  balancer: Link
  /** What lies between our processes and PostgreSQL or Redis. */
  toPostgres: Link
  toRedis: Link
  /** Who takes over when PostgreSQL dies; for plans that say so. */
  heirs: Succession
  /** Where the plan's volume is. */
  disk: string | undefined
  /** The environment of the API, for whoever starts another process on the same database. */
  env: Record<string, string>
  /** Asks the database itself, past the API and whatever that keeps. `owners` is the statement's only parameter, an array of ids. */
  look<T>(statement: string, owners: string[]): Promise<T[]>
  close(): Promise<void>
}

export interface Plan {
  /** One instance on the embedded database; then there is neither PostgreSQL nor Redis, nor what leads to them. */
  embedded: boolean
  /** How many instances of the API there are, and of how many processes each. */
  instances: number
  processes: number
  /** Settings of PostgreSQL beside the honest ones. */
  postgres: Record<string, string>
  /** Variables of the API and the worker. */
  env: Record<string, string>
  /** Whether others may take over from PostgreSQL: then it is another one afterwards. */
  heirs: boolean
  /** A small volume for the data of PostgreSQL or for what it writes ahead, if that is to have one of its own. */
  volume: { holds: 'data' | 'wal'; mib: number } | undefined
}
export const USUAL: Plan = {
  embedded: false,
  instances: 2,
  processes: 1,
  postgres: {},
  env: {},
  heirs: false,
  volume: undefined
}

/** Tasklane on more than one process, with a PostgreSQL and a Redis of its own, in production mode; all of it on loopback and gone after `close`. */
export async function install(plan: Plan): Promise<Installation> {
  const leftovers: (() => unknown)[] = []
  const close = async () => {
    for (const leave of leftovers.reverse()) {
      await leave()
    }
  }
  const teardown = (leave: () => unknown) => {
    leftovers.push(leave)
  }
  try {
    const folder = mkdtempSync(join(tmpdir(), 'tasklane-chaos-'))
    chmodSync(folder, 0o700)
    teardown(() => rmSync(folder, { recursive: true, force: true }))
    if (plan.embedded) {
      return { ...(await installEmbedded(plan, folder, teardown)), close }
    }
    const disk = plan.volume && mountVolume({ teardown }, plan.volume.mib)
    const volume = plan.volume && { folder: disk as string, holds: plan.volume.holds }
    const [postgres, redis] = await Promise.all([
      startPostgres({ teardown }, { volume, settings: { ...DURABLE, ...plan.postgres } }),
      startRedis({ teardown })
    ])
    const heirs = succession({ teardown }, postgres, DURABLE)
    const toPostgres = await openLink(() => [heirs.leader().port])
    const toRedis = await openLink(() => [Number(new URL(redis.url).port)])
    teardown(() => {
      toPostgres.close()
      toRedis.close()
    })

    const env = {
      NODE_ENV: 'production',
      DATABASE_URL: through(postgres.url, toPostgres),
      REDIS_URL: through(redis.url, toRedis),
      JWT_SECRET: randomBytes(48).toString('base64'),
      EMAIL_ENABLED: 'off',
      // Longer than any run: whose token ends is not what is tried here. Nor are limits.
      ACCESS_TOKEN_TTL: '86400',
      RATE_LIMIT: 'off',
      LOG_LEVEL: 'warn',
      WORKER_ENABLED: 'off',
      WEB_CONCURRENCY: String(plan.processes),
      ...plan.env
    }
    const apis: Api[] = []
    for (let number = 1; number <= plan.instances; number++) {
      const port = await freePort()
      apis.push({
        port,
        service: new Service(`api-${number}`, 'start', { ...env, PORT: String(port) }, folder)
      })
    }
    const worker = new Service('worker', 'worker', { ...env, WEB_CONCURRENCY: '1' }, folder)
    const balancer = await begin(apis, [worker], teardown)
    const look = (statement: string, owners: string[]) =>
      ask(heirs.leader().url.replace('//app@', '//postgres@'), statement, owners)
    return {
      folder,
      postgres,
      redis,
      apis,
      worker,
      balancer,
      toPostgres,
      toRedis,
      heirs,
      disk,
      env,
      look: look as Installation['look'],
      close
    }
  } catch (error) {
    await close()
    throw error
  }
}

type Teardown = (leave: () => unknown) => void

/** Starts everything and waits until all of it serves. */
async function begin(apis: Api[], others: Service[], teardown: Teardown): Promise<Link> {
  const services = [...apis.map(({ service }) => service), ...others]
  // Everybody is thawed before being asked to leave, and nobody is waited for.
  teardown(() =>
    Promise.all(
      services.map((service) => {
        service.kill('SIGCONT')
        return service.stop('SIGKILL')
      })
    )
  )
  for (const service of services) {
    service.start()
  }
  const balance = balanced(apis.map(({ port }) => port))
  const balancer = await openLink(balance.order)
  teardown(() => {
    balance.stop()
    balancer.close()
  })
  await allReady(apis)
  return balancer
}

const allReady = (apis: Api[]) =>
  waitUntil(
    'readiness of every instance',
    async () => (await Promise.all(apis.map(({ port }) => isReady(port)))).every(Boolean),
    START_MS
  )

/** One process with its database inside, as for trying out; it refuses to be in production. */
async function installEmbedded(
  plan: Plan,
  folder: string,
  teardown: Teardown
): Promise<Omit<Installation, 'close'>> {
  const port = await freePort()
  const env = {
    EMAIL_ENABLED: 'off',
    ACCESS_TOKEN_TTL: '86400',
    RATE_LIMIT: 'off',
    LOG_LEVEL: 'warn',
    DRAIN_SECONDS: '0',
    PORT: String(port),
    ...plan.env
  }
  const service = new Service('api-1', 'start', env, folder)
  const apis = [{ service, port }]
  const balancer = await begin(apis, [], teardown)
  /** The database belongs to one process: the server makes room for the question. */
  const look = async <T>(statement: string, owners: string[]): Promise<T[]> => {
    await service.stop()
    const database = await createPglite({ dataDir: join(folder, 'database') })
    try {
      return (await database.query<T>(statement, [owners])).rows
    } finally {
      await database.close()
      service.start()
      await allReady(apis)
    }
  }
  const none = undefined as never
  return {
    folder,
    postgres: none,
    redis: none,
    toPostgres: none,
    toRedis: none,
    heirs: none,
    disk: undefined,
    apis,
    worker: service,
    balancer,
    env,
    look
  }
}

async function ask(url: string, statement: string, owners: string[]): Promise<unknown[]> {
  const { default: connect } = await import('postgres')
  const sql = connect(url, { max: 1, onnotice() {} })
  try {
    return await sql.unsafe(statement, [owners as never])
  } finally {
    await sql.end()
  }
}

function through(url: string, link: Link): string {
  const detour = new URL(url)
  detour.port = String(link.port)
  return detour.href
}

const isReady = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/health/ready`, {
    headers: { connection: 'close' },
    signal: AbortSignal.timeout(PROBE_MS)
  }).then(
    async (answer) => {
      await answer.text()
      return answer.ok
    },
    () => false
  )

/** Asks each instance whether it is ready, and offers those that are, in turn; when none is, all of them, as balancers do. */
function balanced(ports: number[]) {
  let turn = 0
  let ready = ports
  let isOver = false
  const look = async () => {
    const states = await Promise.all(ports.map(isReady))
    ready = states.includes(true) ? ports.filter((_, i) => states[i]) : ports
    if (!isOver) {
      timer = setTimeout(look, PROBE_MS)
    }
  }
  let timer = setTimeout(look, PROBE_MS)
  return {
    order: () => {
      turn++
      return [
        ...ready.slice(turn % ready.length),
        ...ready.slice(0, turn % ready.length),
        ...ports.filter((port) => !ready.includes(port))
      ]
    },
    stop: () => {
      isOver = true
      clearTimeout(timer)
    }
  }
}

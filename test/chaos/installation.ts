import { randomBytes } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, ownServer, type PostgresServer } from '../support/postgres-server.ts'
import { ownRedis } from '../support/redis-server.ts'
import { until } from '../support/patience.ts'
import { openLink, type Link } from './link.ts'
import { Service } from './service.ts'

/** As often as a load balancer asks by habit; two of them fit into DRAIN_SECONDS. */
const PROBE_MS = 500
const START_MS = 30_000
/** What is acknowledged is on the disk: the suite goes without, for speed. */
const DURABLE = { fsync: 'on', synchronous_commit: 'on' }

export interface Api { service: Service, port: number }

export interface Installation {
  folder: string
  postgres: PostgresServer
  redis: Awaited<ReturnType<typeof ownRedis>>
  /** The instances that serve, and the worker that imports. */
  apis: Api[]
  worker: Service
  /** Where callers go: to each instance that is ready in turn. */
  balancer: Link
  /** What lies between our processes and PostgreSQL or Redis. */
  toPostgres: Link
  toRedis: Link
  /** The environment of the API, for whoever starts another process on the same database. */
  env: Record<string, string>
  close (): Promise<void>
}

export interface Plan {
  /** How many instances of the API there are, and of how many processes each. */
  instances: number, processes: number
  /** Settings of PostgreSQL beside the honest ones. */
  postgres: Record<string, string>
  /** Variables of the API and the worker. */
  env: Record<string, string>
}
export const USUAL: Plan = { instances: 2, processes: 1, postgres: {}, env: {} }

/** Tasklane on more than one process, with a PostgreSQL and a Redis of its own, in production mode; all of it on loopback and gone after `close`. */
export async function install (plan: Plan): Promise<Installation> {
  const leftovers: (() => unknown)[] = []
  const close = async () => { for (const leave of leftovers.reverse()) await leave() }
  const teardown = (leave: () => unknown) => { leftovers.push(leave) }
  try {
    const folder = mkdtempSync(join(tmpdir(), 'tasklane-chaos-'))
    chmodSync(folder, 0o700)
    teardown(() => rmSync(folder, { recursive: true, force: true }))
    const [postgres, redis] = await Promise.all([ownServer({ teardown }, { settings: { ...DURABLE, ...plan.postgres } }), ownRedis({ teardown })])
    const toPostgres = await openLink(() => [postgres.port])
    const toRedis = await openLink(() => [Number(new URL(redis.url).port)])
    teardown(() => { toPostgres.close(); toRedis.close() })

    const env = {
      NODE_ENV: 'production', DATABASE_URL: through(postgres.url, toPostgres), REDIS_URL: through(redis.url, toRedis), JWT_SECRET: randomBytes(48).toString('base64'), MAILER: 'off',
      // Longer than any run: whose token ends is not what is tried here. Nor are limits.
      ACCESS_TOKEN_TTL: '86400', RATE_LIMIT: 'off', LOG_LEVEL: 'warn', WORKER: 'off', WEB_CONCURRENCY: String(plan.processes), ...plan.env
    }
    const apis: Api[] = []
    for (let number = 1; number <= plan.instances; number++) {
      const port = await freePort()
      apis.push({ port, service: new Service(`api-${number}`, 'start', { ...env, PORT: String(port) }, folder) })
    }
    const worker = new Service('worker', 'worker', { ...env, WEB_CONCURRENCY: '1' }, folder)
    const services = [...apis.map(({ service }) => service), worker]
    // Everybody is thawed before being asked to leave, and nobody is waited for.
    teardown(() => Promise.all(services.map((service) => { service.kill('SIGCONT'); return service.stop('SIGKILL') })))
    for (const service of services) service.start()
    const balance = balanced(apis.map(({ port }) => port))
    const balancer = await openLink(balance.order)
    teardown(() => { balance.stop(); balancer.close() })
    await until('readiness of every instance', async () => (await Promise.all(apis.map(({ port }) => isReady(port)))).every(Boolean), START_MS)
    return { folder, postgres, redis, apis, worker, balancer, toPostgres, toRedis, env, close }
  } catch (error) {
    await close()
    throw error
  }
}

function through (url: string, link: Link): string {
  const detour = new URL(url)
  detour.port = String(link.port)
  return detour.href
}

const isReady = (port: number): Promise<boolean> => fetch(`http://127.0.0.1:${port}/health/ready`, { headers: { connection: 'close' }, signal: AbortSignal.timeout(PROBE_MS) }).then(async (answer) => { await answer.text(); return answer.ok }, () => false)

/** Asks each instance whether it is ready, and offers those that are, in turn; when none is, all of them, as balancers do. */
function balanced (ports: number[]) {
  let turn = 0
  let ready = ports
  let isOver = false
  const look = async () => {
    const states = await Promise.all(ports.map(isReady))
    ready = states.includes(true) ? ports.filter((_, i) => states[i]) : ports
    if (!isOver) timer = setTimeout(look, PROBE_MS)
  }
  let timer = setTimeout(look, PROBE_MS)
  return {
    order: () => { turn++; return [...ready.slice(turn % ready.length), ...ready.slice(0, turn % ready.length), ...ports.filter((port) => !ready.includes(port))] },
    stop: () => { isOver = true; clearTimeout(timer) }
  }
}

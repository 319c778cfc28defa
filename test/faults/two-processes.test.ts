import t, { type Test } from 'tap'
import { call, type Server, startServer } from '../support/command.ts'
import { createTestDatabase, serverUrl } from '../support/database.ts'
import { startRedis, withoutOwnRedis } from '../support/redis-server.ts'
import { PASSWORD, SECRET } from '../support/test-app.ts'
import { waitUntil } from '../support/wait-until.ts'

const skip =
  serverUrl === undefined
    ? 'two processes need a database that both can reach: set TEST_DATABASE_URL'
    : withoutOwnRedis
/** What is promised for a ban and for its end. */
const IN_FORCE_MS = 2000
const METRICS_TOKEN = 'a-token-for-prometheus'

/** Starts two API processes on one PostgreSQL and one Redis. */
async function startTwo(t: Test) {
  const cwd = t.testdir()
  const database = await createTestDatabase()
  t.teardown(() => database.close())
  const redis = await startRedis(t)
  // Behind a proxy that is this very machine, so that a test can say where a request comes from.
  const env = {
    DATABASE_URL: database.url as string,
    REDIS_URL: redis.url,
    JWT_SECRET: SECRET,
    RATE_LIMIT: 'on',
    RATE_LIMIT_INSTANCES: '2',
    RATE_LIMIT_AUTH: '100',
    METRICS_TOKEN,
    TRUST_PROXY: '127.0.0.0/8',
    DRAIN_SECONDS: '0',
    LOG_LEVEL: 'info'
  }
  const both = (await Promise.all([startServer(t, env, cwd), startServer(t, env, cwd)])) as [
    Server,
    Server
  ]
  const statuses = new Map<number, number>()
  const request = async (
    server: Server,
    path: string,
    options: Parameters<typeof call>[1] & { from?: string } = {}
  ) => {
    const response = await call(server.url + path, {
      ...options,
      headers: { 'x-forwarded-for': options.from ?? '10.0.0.1' }
    })
    statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1)
    return response
  }
  return { both, redis, request, statuses }
}

type TwoProcesses = Awaited<ReturnType<typeof startTwo>>

let users = 0

async function signUp({ both, request }: TwoProcesses): Promise<string> {
  const { body } = await request(both[0], '/api/v1/auth/register', {
    method: 'POST',
    from: `198.51.100.${++users}`,
    body: { username: `person-${users}`, password: PASSWORD }
  })
  return body.access_token
}

/** Sends 200 requests of a new user at once, half of them to each process, and returns how many had which status. */
async function burst(
  processes: TwoProcesses,
  meanwhile: () => Promise<void> = async () => {}
): Promise<Record<string, number>> {
  const { both, request } = processes
  const token = await signUp(processes)
  const responses = Promise.all(
    Array.from({ length: 200 }, (_, i) => request(both[i % 2] as Server, '/api/v1/me', { token }))
  )
  await meanwhile()
  const byStatus = Map.groupBy(await responses, ({ status }) => String(status))
  return Object.fromEntries([...byStatus].map(([status, group]) => [status, group.length]))
}

/** Returns for each process whether it counts in Redis, as its metrics say. */
const limitsOf = ({ both }: TwoProcesses) =>
  Promise.all(
    both.map(async ({ url }) => {
      const response = await fetch(`${url}/metrics`, {
        headers: { authorization: `Bearer ${METRICS_TOKEN}`, 'x-forwarded-for': '10.0.0.1' }
      })
      const isShared = /^tasklane_rate_limit_redis_up 1$/m.test(await response.text())
      return isShared ? 'shared' : 'fallback'
    })
  )

const untilLimitsAre = (state: 'shared' | 'fallback', processes: TwoProcesses) =>
  waitUntil(`limits that are ${state}`, async () =>
    (await limitsOf(processes)).every((now) => now === state)
  )

/**
 * Sends a whole burst while both processes report that limits are shared. On a machine that is too busy for Redis they
 * fall back and report it; then the burst is repeated.
 */
async function sharedBurst(processes: TwoProcesses) {
  for (;;) {
    await untilLimitsAre('shared', processes)
    const counted = await burst(processes)
    if ((await limitsOf(processes)).every((now) => now === 'shared')) {
      return counted
    }
  }
}

/** Waits until a ban or its end is in force, and checks that it takes no longer than promised. */
async function untilInForce(
  t: Test,
  what: string,
  isInForce: () => Promise<boolean>
): Promise<void> {
  const startedAt = performance.now()
  let lastMissedAt = startedAt
  await waitUntil(what, async () => {
    const askedAt = performance.now()
    if (await isInForce()) {
      return true
    }
    lastMissedAt = askedAt
    return false
  })
  const missedMs = lastMissedAt - startedAt
  t.ok(missedMs < IN_FORCE_MS, `${what} took less than ${Math.round(missedMs)} ms and one request`)
}

/** Bans an IP on one process and waits for the other; then lifts the ban and waits again. */
async function banAndLift(
  t: Test,
  { both: [one, two], request }: TwoProcesses,
  token: string,
  ip: string
): Promise<void> {
  const statusOnTwo = async () => (await request(two, '/health/live', { from: ip })).status
  t.equal(await statusOnTwo(), 200)
  const ban = await request(one, '/api/v1/admin/ip-bans', {
    method: 'POST',
    token,
    body: { address: ip }
  })
  await untilInForce(t, `the ban of ${ip}`, async () => (await statusOnTwo()) === 403)
  t.equal((await request(one, '/api/v1/me', { from: ip, token })).status, 403)
  const lifted = await request(one, `/api/v1/admin/ip-bans/${ban.body.id}`, {
    method: 'DELETE',
    token
  })
  t.equal(lifted.status, 204)
  await untilInForce(t, `the lift of ${ip}`, async () => (await statusOnTwo()) === 200)
}

t.test(
  'two processes share limits and bans, also when Redis is killed under load, and no response is a 500',
  { skip },
  async (t) => {
    const processes = await startTwo(t)
    const {
      both: [one, two],
      redis,
      request,
      statuses
    } = processes
    const admin = await signUp(processes)

    t.strictSame(await sharedBurst(processes), { 200: 100, 429: 100 })
    await banAndLift(t, processes, admin, '203.0.113.70')

    const caught = await burst(processes, () => redis.kill())
    t.strictSame(
      Object.keys(caught).filter((status) => status !== '200' && status !== '429'),
      [],
      'while Redis ends, callers are served or told to wait'
    )
    await untilLimitsAre('fallback', processes)
    t.strictSame(await burst(processes), { 200: 100, 429: 100 }, 'each process grants its half')
    await banAndLift(t, processes, admin, '203.0.113.71')
    for (let i = 0; i < 30; i++) {
      await request(i % 2 ? one : two, '/api/v1/auth/verify-otp', {
        method: 'POST',
        from: '203.0.113.72',
        body: { reset_id: '019f2f6e-7c1a-7eee-8eee-0123456789ab', otp: '00000000' }
      })
    }
    for (const server of [one, two]) {
      await waitUntil(
        'an automatic ban',
        async () => (await request(server, '/health/live', { from: '203.0.113.72' })).status === 403
      )
    }

    await redis.start()
    t.strictSame(await sharedBurst(processes), { 200: 100, 429: 100 }, 'shared again')
    t.strictSame(
      [...statuses.keys()].filter((status) => status >= 500),
      [],
      'no response was a failure'
    )
    const ended = await Promise.all([one, two].map((server) => server.stop('SIGTERM')))
    for (const { code, stdout } of ended) {
      t.equal(code, 0)
      t.equal(
        stdout.split('Redis does not respond').length,
        stdout.split('Redis is back').length,
        'each loss and each return is logged once'
      )
      t.match(stdout, /Redis does not respond/)
    }
  }
)

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

/** Two API processes on one PostgreSQL and one Redis. */
async function neighbours(t: Test) {
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
    TRUST_PROXY: '127.0.0.0/8',
    DRAIN_SECONDS: '0',
    LOG_LEVEL: 'info'
  }
  const both = (await Promise.all([startServer(t, env, cwd), startServer(t, env, cwd)])) as [
    Server,
    Server
  ]
  const statuses = new Map<number, number>()
  let people = 0

  const request = async (
    server: Server,
    path: string,
    options: Parameters<typeof call>[1] & { from?: string } = {}
  ) => {
    const answer = await call(server.url + path, {
      ...options,
      headers: { 'x-forwarded-for': options.from ?? '10.0.0.1' }
    })
    statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
    return answer
  }
  const signUp = async (): Promise<string> =>
    (
      await request(both[0], '/api/v1/auth/register', {
        method: 'POST',
        from: `198.51.100.${++people}`,
        body: { username: `person-${people}`, password: PASSWORD }
      })
    ).body.access_token
  /** 200 requests of one person at once, half of them to each process; how many had which status. */
  const burst = async (
    token: string,
    meanwhile: () => Promise<void> = async () => {}
  ): Promise<Record<string, number>> => {
    const answers = Promise.all(
      Array.from({ length: 200 }, (_, i) => request(both[i % 2] as Server, '/api/v1/me', { token }))
    )
    await meanwhile()
    return Object.fromEntries(
      [...Map.groupBy(await answers, ({ status }) => String(status))].map(([status, group]) => [
        status,
        group.length
      ])
    )
  }
  const limits = async () =>
    Promise.all(both.map(async (server) => (await request(server, '/health/ready')).body.limits))
  const are = (state: string) =>
    waitUntil(`limits that are ${state}`, async () =>
      (await limits()).every((now) => now === state)
    )
  /** A whole burst while both said that limits are shared; a machine that is too busy for Redis falls back, and says so. */
  const sharedBurst = async () => {
    for (;;) {
      await are('shared')
      const counted = await burst(await signUp())
      if ((await limits()).every((now) => now === 'shared')) {
        return counted
      }
    }
  }
  return { both, redis, request, signUp, burst, sharedBurst, are, statuses }
}

t.test(
  "two processes grant one limit between them and know each other's bans, also when Redis is killed in the middle, and nobody sees a 500",
  { skip },
  async (t) => {
    const {
      both: [one, two],
      redis,
      request,
      signUp,
      burst,
      sharedBurst,
      are,
      statuses
    } = await neighbours(t)
    const root = await signUp()
    /** Bans by hand on one process and waits for the other; the same for the lift. */
    const ban = async (address: string) => {
      const there = async () => (await request(two, '/health/live', { from: address })).status
      t.equal(await there(), 200)
      const turns = async (what: string, wanted: number) => {
        const saidAt = performance.now()
        let lastAskedAt = saidAt
        await waitUntil(what, async () => {
          const askedAt = performance.now()
          const hasTurned = (await there()) === wanted
          if (!hasTurned) {
            lastAskedAt = askedAt
          }
          return hasTurned
        })
        t.ok(
          lastAskedAt - saidAt < IN_FORCE_MS,
          `${what} took less than ${Math.round(lastAskedAt - saidAt)} ms and a look`
        )
      }
      const {
        body: { id }
      } = await request(one, '/api/v1/admin/ip-bans', {
        method: 'POST',
        token: root,
        body: { address }
      })
      await turns(`the ban of ${address}`, 403)
      t.equal((await request(one, '/api/v1/me', { from: address, token: root })).status, 403)
      t.equal(
        (await request(one, `/api/v1/admin/ip-bans/${id}`, { method: 'DELETE', token: root }))
          .status,
        204
      )
      await turns(`the lift of ${address}`, 200)
    }

    t.strictSame(await sharedBurst(), { 200: 100, 429: 100 })
    await ban('203.0.113.70')

    const caught = await burst(await signUp(), () => redis.kill())
    t.strictSame(
      Object.keys(caught).filter((status) => status !== '200' && status !== '429'),
      [],
      'who asks while Redis dies is served or told to wait'
    )
    await are('fallback')
    t.strictSame(
      await burst(await signUp()),
      { 200: 100, 429: 100 },
      'each process grants its half'
    )
    await ban('203.0.113.71')
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
    t.strictSame(await sharedBurst(), { 200: 100, 429: 100 }, 'shared again')
    t.strictSame(
      [...statuses.keys()].filter((status) => status >= 500),
      [],
      'nobody saw a failure'
    )
    const ended = await Promise.all([one, two].map((server) => server.stop('SIGTERM')))
    for (const { code, stdout } of ended) {
      t.equal(code, 0)
      t.equal(
        stdout.split('Redis does not respond').length,
        stdout.split('Redis is back').length,
        'each loss and each return is said once'
      )
      t.match(stdout, /Redis does not respond/)
    }
  }
)

import t from 'tap'
import { redisUrl, startRedis, withoutOwnRedis, withoutRedis } from '../support/redis-server.ts'
import { secondInstance } from '../support/second-instance.ts'
import { countStatuses } from '../support/status-counts.ts'
import { createTestApp } from '../support/test-app.ts'
import { waitUntil } from '../support/wait-until.ts'

type Ask = Awaited<ReturnType<typeof secondInstance>>

/** Starts two instances on one database and one Redis. */
async function twoInstances(
  t: Parameters<typeof createTestApp>[0],
  REDIS_URL: string,
  env: Record<string, string> = {}
) {
  const log: string[] = []
  const one = await createTestApp(t, {
    env: { RATE_LIMIT: 'on', REDIS_URL, RATE_LIMIT_INSTANCES: '2', ...env },
    onLog: (line) => log.push(line)
  })
  const two = await secondInstance(t, one)
  const reads = async (asks: Ask[], token: string, n: number) =>
    Promise.all(
      Array.from({ length: n }, (_, i) =>
        (asks[i % asks.length] as Ask)({
          url: '/api/v1/me',
          headers: { authorization: `Bearer ${token}` }
        })
      )
    )
  return { ...one, both: [one.request as Ask, two], reads, log }
}
const policies = (answers: { headers: Record<string, unknown> }[]) => [
  ...new Set(answers.map(({ headers }) => headers['ratelimit-policy']))
]

t.test(
  'of 200 parallel requests over two instances against a limit of 100 exactly 100 pass',
  { skip: withoutRedis },
  async (t) => {
    const { both, reads, signUp } = await twoInstances(t, await redisUrl(t))
    const { access_token } = await signUp()
    await reads(both, access_token, 2)
    t.strictSame(
      countStatuses(await reads(both, access_token, 200)),
      { 200: 98, 429: 102 },
      'two were spent before'
    )
    const guess = (request: Ask) =>
      request({
        method: 'POST',
        url: '/api/v1/auth/login',
        remoteAddress: '203.0.113.1',
        payload: {}
      })
    t.strictSame(
      countStatuses(
        await Promise.all(Array.from({ length: 30 }, (_, i) => guess(both[i % 2] as Ask)))
      ),
      { 400: 10, 429: 20 }
    )
  }
)

t.test(
  'of parallel batches over two instances no more operations pass than fit',
  { skip: withoutRedis },
  async (t) => {
    const { both, signUp } = await twoInstances(t, await redisUrl(t))
    const { access_token, get } = await signUp()
    const operations = Array.from({ length: 30 }, () => ({ op: 'create', data: { title: 'x' } }))
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        (both[i % 2] as Ask)({
          method: 'POST',
          url: '/api/v1/task-batches',
          headers: { authorization: `Bearer ${access_token}` },
          payload: { operations }
        })
      )
    )
    t.strictSame(countStatuses(answers), { 200: 3, 429: 7 })
    t.equal((await get('/api/v1/task-stats')).json().total, 90)
  }
)

t.test(
  'with Redis killed under load each instance grants its share without a 500, and shares limits again afterwards',
  { skip: withoutOwnRedis },
  async (t) => {
    const redis = await startRedis(t)
    const { both, reads, signUp, log } = await twoInstances(t, redis.url)
    const { access_token } = await signUp()
    const before = await reads(both, access_token, 40)
    t.strictSame(countStatuses(before), { 200: 40 })
    t.strictSame(policies(before), ['"default";q=100;w=60'])
    const during = reads(both, access_token, 20)
    await redis.kill()
    t.strictSame(countStatuses(await during), { 200: 20 })
    const after = await reads(both, access_token, 400)
    const { 200: passed = 0, 429: refused = 0 } = countStatuses(after)
    t.equal(passed + refused, 400)
    t.ok(passed <= 100 && passed >= 80, `each grants 50, less what was already counted: ${passed}`)
    t.strictSame(policies(after), ['"default";q=50;w=60'])
    await redis.start()
    await waitUntil('the return of Redis', () => log.some((line) => line.includes('Redis is back')))
    const shared = await reads(both.slice(0, 1), access_token, 1)
    t.strictSame(policies(shared), ['"default";q=100;w=60'])
    t.equal(
      log.filter((line) => line.includes('Redis does not respond')).length,
      1,
      'the loss is logged once'
    )
  }
)

t.test('a frozen Redis costs its timeout once', { skip: withoutOwnRedis }, async (t) => {
  const redis = await startRedis(t)
  const {
    both: [ask],
    reads,
    signUp,
    log
  } = await twoInstances(t, redis.url)
  const { access_token } = await signUp()
  redis.freeze()
  t.teardown(redis.thaw)
  const answers = await reads([ask as Ask], access_token, 10)
  t.strictSame(countStatuses(answers), { 200: 10 })
  t.match(policies(answers), ['"default";q=50;w=60'])
  t.ok(log.some((line) => line.includes('Redis does not respond')))
  const waits = []
  for (let i = 0; i < 20; i++) {
    const at = performance.now()
    await reads([ask as Ask], access_token, 1)
    waits.push(performance.now() - at)
  }
  t.ok(
    (waits.sort((a, b) => a - b)[10] as number) < 100,
    `no request waits for it again: ${waits.map(Math.round)}`
  )
  redis.thaw()
  await waitUntil('the thaw', () => log.some((line) => line.includes('Redis is back')))
})

t.test('an instance starts without Redis, and still bans', { skip: withoutOwnRedis }, async (t) => {
  const redis = await startRedis(t)
  await redis.kill()
  const { both, signUp, reads } = await twoInstances(t, redis.url, { RATE_LIMIT_AUTH: '100' })
  const { access_token } = await signUp()
  t.strictSame(countStatuses(await reads(both, access_token, 120)), { 200: 100, 429: 20 })
  const [one, two] = both as [Ask, Ask]
  const address = { remoteAddress: '203.0.113.9' }
  for (let i = 0; i < 24; i++) {
    await (i % 2 ? one : two)({
      method: 'POST',
      url: '/api/v1/auth/login',
      ...address,
      payload: { username: `nobody-${i}`, password: 'not a password of anybody' }
    })
  }
  for (const request of both) {
    await waitUntil(
      'the ban',
      async () => (await request({ url: '/', ...address })).statusCode === 403
    )
  }
})

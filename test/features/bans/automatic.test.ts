import { eq, sql } from 'drizzle-orm'
import t from 'tap'
import { ipBans, ipViolations } from '../../../src/db/tables/ip-bans.ts'
import { auditEntries } from '../../support/audit-log.ts'
import { secondInstance } from '../../support/second-instance.ts'
import { createTestApp } from '../../support/test-app.ts'
import { waitUntil } from '../../support/wait-until.ts'

const open = await createTestApp(t, {
  env: { RATE_LIMIT: 'on', RATE_LIMIT_AUTH: '1000', TRUST_PROXY: '192.0.2.0/24' }
})
const { request, db } = open
const WRONG_CODE = { reset_id: '019f2f6e-7c1a-7eee-8eee-0123456789ab', otp: '00000000' }
type SendRequest = (options: Parameters<typeof request>[0]) => ReturnType<typeof request>
const sendViolations = async (n: number, remoteAddress: string, by: SendRequest = request) => {
  for (let i = 0; i < n; i++) {
    await by({
      method: 'POST',
      url: '/api/v1/auth/verify-otp',
      remoteAddress,
      payload: WRONG_CODE
    })
  }
}
const isBanned = async (remoteAddress: string, by: SendRequest = request) =>
  (await by({ url: '/health/live', remoteAddress })).statusCode === 403
const violationsOf = async (network: string) => {
  const [row] = await db
    .select({ n: sql<number>`cardinality(${ipViolations.occurred_at})` })
    .from(ipViolations)
    .where(eq(ipViolations.network, network))
  return row?.n ?? 0
}
const banOf = async (network: string) => {
  const [row] = await db
    .select({
      seconds: sql<number>`round(extract(epoch from ${ipBans.until} - ${ipBans.created_at}))::int`,
      automatic: ipBans.automatic,
      id: ipBans.id
    })
    .from(ipBans)
    .where(eq(ipBans.network, network))
  return row
}

t.test(
  'the twentieth violation bans an IP address for half an hour and is audited once',
  async (t) => {
    await sendViolations(19, '203.0.113.1')
    await waitUntil('19 violations', async () => (await violationsOf('203.0.113.1/32')) === 19)
    t.equal(await isBanned('203.0.113.1'), false)
    await sendViolations(1, '203.0.113.1')
    await waitUntil('the ban', () => isBanned('203.0.113.1'))
    const ban = await banOf('203.0.113.1/32')
    t.match(ban, { seconds: 1800, automatic: true })
    const entries = (await auditEntries(db)).filter(({ subject_id }) => subject_id === ban?.id)
    t.match(entries, [
      { action: 'ip_ban.created', actor_id: null, address: '203.0.113.1', detail: '203.0.113.1/32' }
    ])
    t.equal(entries.length, 1)
    const response = await request({ url: '/', remoteAddress: '203.0.113.1' })
    t.match(response.json(), { code: 'ip_banned' })
    t.ok(
      Number(response.headers['retry-after']) > 1700 &&
        Number(response.headers['retry-after']) <= 1800
    )
    t.equal(await isBanned('203.0.113.2'), false, 'the neighbouring address is served')
  }
)

t.test('a second ban lasts twice as long', async (t) => {
  for (const seconds of [3600, 7200]) {
    await db
      .update(ipBans)
      .set({ until: sql`now() - interval '1 second'` })
      .where(eq(ipBans.network, '203.0.113.1/32'))
    await waitUntil('the end of the ban', async () => !(await isBanned('203.0.113.1')))
    await sendViolations(20, '203.0.113.1')
    await waitUntil('the next ban', () => isBanned('203.0.113.1'))
    t.match(await banOf('203.0.113.1/32'), { seconds })
  }
})

t.test('violations more than ten minutes apart do not add up', async (t) => {
  await sendViolations(15, '203.0.113.3')
  await waitUntil('15 violations', async () => (await violationsOf('203.0.113.3/32')) === 15)
  await db
    .update(ipViolations)
    .set({
      occurred_at: sql`(select array_agg(at - interval '11 minutes') from unnest(occurred_at) at)`
    })
    .where(eq(ipViolations.network, '203.0.113.3/32'))
  await sendViolations(15, '203.0.113.3')
  await waitUntil('the last 15 to count', async () => (await violationsOf('203.0.113.3/32')) === 15)
  t.equal(await isBanned('203.0.113.3'), false)
})

t.test('violations on several instances add up, and the ban applies on each', async (t) => {
  const other = await secondInstance(t, open)
  const there: SendRequest = (options) => other(options)
  await sendViolations(10, '203.0.113.4')
  await sendViolations(10, '203.0.113.4', there)
  await waitUntil('the ban here', () => isBanned('203.0.113.4'))
  await waitUntil('the ban there', () => isBanned('203.0.113.4', there))
})

t.test('a failed login is a violation; a successful one and an invalid body are not', async (t) => {
  const lenient = await createTestApp(t, {
    env: { RATE_LIMIT: 'on', RATE_LIMIT_AUTH: '1000' },
    database: { ...open.database, close: async () => {} }
  })
  const login = (username: string) =>
    lenient.request({
      method: 'POST',
      url: '/api/v1/auth/login',
      remoteAddress: '203.0.113.5',
      payload: { username, password: 'not the right one' }
    })
  for (let i = 0; i < 3; i++) {
    await login(`nobody-${i}`)
  }
  await lenient.request({
    method: 'POST',
    url: '/api/v1/auth/register',
    remoteAddress: '203.0.113.5',
    payload: { username: 'ann', password: 'not the right one' }
  })
  await login('ann')
  await lenient.request({
    method: 'POST',
    url: '/api/v1/auth/login',
    remoteAddress: '203.0.113.5',
    payload: {}
  })
  await login('nobody-3')
  await waitUntil('four violations', async () => (await violationsOf('203.0.113.5/32')) === 4)
})

t.test('an IPv6 address is banned with its /64 and never with its neighbours', async (t) => {
  for (const network of ['2001:db8:0:100', '2001:db8:0:101', '2001:db8:0:102']) {
    await sendViolations(20, `${network}::1`)
    await waitUntil('the ban', () => isBanned(`${network}:ffff::1`))
  }
  t.equal(await isBanned('2001:db8:0:1ff::1'), false)
})

t.test(
  'only failed credentials and codes are violations: a 429, a 404 and a 400 are none',
  async (t) => {
    const strict = await createTestApp(t, {
      env: {
        RATE_LIMIT: 'on',
        RATE_LIMIT_AUTH: '1',
        RATE_LIMIT_NOT_FOUND: '5',
        RATE_LIMIT_READS: '5'
      },
      database: { ...open.database, close: async () => {} }
    })
    const colleague = await strict.signUp('user', 'colleague')
    const remoteAddress = '203.0.113.6'
    for (let i = 0; i < 30; i++) {
      await strict.request({ url: `/pixel-${i}.png`, remoteAddress })
      await strict.request({
        method: 'POST',
        url: '/api/v1/auth/login',
        remoteAddress,
        payload: {}
      })
      await colleague.send({ url: '/api/v1/me', remoteAddress })
    }
    await strict.request({
      method: 'POST',
      url: '/api/v1/auth/verify-otp',
      remoteAddress,
      payload: WRONG_CODE
    })
    // Violations are written in their order: whatever the others were, it is written when this one is.
    await waitUntil('the wrong code', async () => (await violationsOf('203.0.113.6/32')) > 0)
    t.equal(await violationsOf('203.0.113.6/32'), 1)
  }
)

t.test('tokens of a secret that is no longer valid are no violations', async (t) => {
  const own = { ...open.database, close: async () => {} }
  const env = { RATE_LIMIT: 'on', RATE_LIMIT_INVALID_TOKENS: '3' }
  const before = await createTestApp(t, { env, database: own })
  const { access_token } = await before.signUp('user', 'early-bird')
  const after = await createTestApp(t, {
    env,
    database: own,
    deps: { secrets: ['another secret of this installation: 0123456789abcdef'] }
  })
  const remoteAddress = '203.0.113.7'
  for (let i = 0; i < 30; i++) {
    const headers = { authorization: `Bearer ${access_token}` }
    await after.request({ url: '/api/v1/me', remoteAddress, headers })
  }
  await sendViolations(1, remoteAddress, after.request)
  await waitUntil('the wrong code', async () => (await violationsOf('203.0.113.7/32')) > 0)
  t.equal(await violationsOf('203.0.113.7/32'), 1)
})

t.test(
  'loopback, private ranges and proxies are never banned automatically unless the configuration says so',
  async (t) => {
    for (const address of [
      '127.0.0.1',
      '10.1.2.3',
      '192.168.1.1',
      '172.16.0.1',
      '::1',
      'fd00::1',
      '192.0.2.1'
    ]) {
      await sendViolations(30, address)
      t.equal(await isBanned(address), false, address)
    }
    const own = { ...open.database, close: async () => {} }
    const bare = await createTestApp(t, {
      env: {
        RATE_LIMIT: 'on',
        RATE_LIMIT_AUTH: '1000',
        IP_BAN_ALLOWLIST: 'none',
        TRUST_PROXY: '192.0.2.0/24'
      },
      database: own
    })
    await sendViolations(20, '10.9.9.9', bare.request)
    await waitUntil('the ban of a private address', () => isBanned('10.9.9.9', bare.request))
    await sendViolations(25, '192.0.2.1', bare.request)
    t.equal(await isBanned('192.0.2.1', bare.request), false, 'a proxy is still not banned')
    const off = await createTestApp(t, { env: { IP_BAN_ALLOWLIST: 'none' }, database: own })
    for (let i = 0; i < 25; i++) {
      await off.request({
        method: 'POST',
        url: '/api/v1/auth/login',
        remoteAddress: '10.8.8.8',
        payload: { username: 'nobody', password: 'x' }
      })
    }
    t.equal(
      await isBanned('10.8.8.8', off.request),
      false,
      'without limits there are no violations'
    )
    t.equal(await isBanned('10.9.9.9', off.request), true, 'but a ban in force applies')
  }
)

import { createHmac } from 'node:crypto'
import t from 'tap'
import { ipViolations } from '../../src/db/tables/ip-bans.ts'
import { generateApiKey } from '../../src/lib/api-key.ts'
import { decode, forge } from '../support/forge-token.ts'
import { countStatuses } from '../support/status-counts.ts'
import { createTestApp, SECRET } from '../support/test-app.ts'

const LIMIT = 5
const open = await createTestApp(t, {
  env: { RATE_LIMIT: 'on', RATE_LIMIT_INVALID_TOKENS: String(LIMIT) }
})
const { request, signUp, db } = open
const show = (token: string, remoteAddress: string) =>
  request({ url: '/api/v1/me', remoteAddress, headers: { authorization: `Bearer ${token}` } })
const times = <T>(n: number, act: () => Promise<T>) => Promise.all(Array.from({ length: n }, act))
const key = () => generateApiKey().key
const keyOf = async (owner: Awaited<ReturnType<typeof signUp>>) =>
  (
    await owner.post('/api/v1/me/api-keys', {
      name: 'robot',
      scopes: ['tasks:read'],
      expires_at: new Date(Date.now() + 86_400_000).toISOString()
    })
  ).json().key
const list = (token: string, remoteAddress: string) =>
  request({ url: '/api/v1/tasks', remoteAddress, headers: { authorization: `Bearer ${token}` } })

t.test('forged tokens and unknown API keys share a budget per IP', async (t) => {
  const strangers = [
    'garbage',
    'a.b.c',
    forge(
      { alg: 'HS256', typ: 'at+jwt' },
      { sub: 'x' },
      { secret: 'another secret of thirty-two bytes' }
    )
  ]
  for (const token of strangers) {
    t.equal((await show(token, '203.0.113.1')).statusCode, 401, token)
  }
  t.strictSame(countStatuses(await times(10, () => show(key(), '203.0.113.1'))), {
    401: LIMIT - strangers.length,
    429: 10 - LIMIT + strangers.length
  })
  const refused = await show('garbage', '203.0.113.1')
  t.match(refused.json(), { status: 429, code: 'rate_limited' })
  t.match(refused.headers, {
    'retry-after': /^([1-9]|[1-5]\d|60)$/,
    'ratelimit-policy': `"default";q=${LIMIT};w=60`,
    ratelimit: /^"default";r=0;t=/
  })
  t.equal((await show('garbage', '203.0.113.2')).statusCode, 401)
  t.strictSame(countStatuses(await times(8, () => show(key(), '2001:db8:1:2::7'))), {
    401: LIMIT,
    429: 8 - LIMIT
  })
  t.equal((await show(key(), '2001:db8:1:2::8')).statusCode, 429, 'one /64 is one stranger')
})

t.test('an unknown API key is not looked up after too many from its IP', async (t) => {
  await times(LIMIT + 1, () => show(key(), '203.0.113.3'))
  const newcomer = await keyOf(await signUp())
  t.equal(
    (await list(newcomer, '203.0.113.3')).statusCode,
    429,
    'not even a good one that nobody has seen yet'
  )
  t.equal((await list(newcomer, '203.0.113.4')).statusCode, 200)
  t.equal(
    (await list(newcomer, '203.0.113.3')).statusCode,
    200,
    'but one that was good a moment ago'
  )
})

t.test('an authenticated caller on the same IP is still served', async (t) => {
  const ann = await signUp()
  const robot = await keyOf(ann)
  t.equal((await list(robot, '203.0.113.5')).statusCode, 200)
  await times(3 * LIMIT, () => show('garbage', '203.0.113.5'))
  t.equal((await show('garbage', '203.0.113.5')).statusCode, 429)
  t.equal((await show(ann.access_token, '203.0.113.5')).statusCode, 200)
  t.equal((await list(robot, '203.0.113.5')).statusCode, 200)
  t.equal(
    (
      await request({
        method: 'POST',
        url: '/api/v1/auth/refresh',
        remoteAddress: '203.0.113.5',
        payload: { refresh_token: ann.refresh_token }
      })
    ).statusCode,
    200
  )
})

t.test('expired tokens, ended sessions and missing tokens do not count', async (t) => {
  const ben = await signUp()
  const [header, claims] = ben.access_token.split('.')
  const expired = forge(decode(header), { ...decode(claims), iat: 1, exp: 2 })
  t.equal(
    forge(decode(header), decode(claims)).split('.')[2],
    createHmac('sha256', SECRET)
      .update(ben.access_token.split('.', 2).join('.'))
      .digest('base64url'),
    'it is signed as ours are'
  )
  await ben.post('/api/v1/auth/logout')
  for (const token of [expired, ben.access_token]) {
    t.strictSame(countStatuses(await times(3 * LIMIT, () => show(token, '203.0.113.6'))), {
      401: 3 * LIMIT
    })
  }
  t.strictSame(
    countStatuses(
      await times(3 * LIMIT, () => request({ url: '/api/v1/me', remoteAddress: '203.0.113.6' }))
    ),
    { 401: 3 * LIMIT }
  )
  t.equal((await show('garbage', '203.0.113.6')).statusCode, 401, 'the budget is whole')
})

t.test('neither a bad token nor the refusal of too many is a violation', async (t) => {
  await times(LIMIT + 1, () => show('garbage', '203.0.113.7'))
  await open.app.close()
  t.strictSame(await db.select().from(ipViolations), [])
})

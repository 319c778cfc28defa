import t from 'tap'
import { PRODUCTION } from '../support/production-env.ts'
import { countStatuses } from '../support/status-counts.ts'
import { createTestApp, PASSWORD } from '../support/test-app.ts'

const ON = { RATE_LIMIT: 'on' }
const { request, signUp } = await createTestApp(t, { env: ON })
const times = <T>(n: number, act: (i: number) => Promise<T>) =>
  Promise.all(Array.from({ length: n }, (_, i) => act(i)))
const from = (remoteAddress: string) => ({ remoteAddress })

t.test('of 200 parallel reads against a limit of 100 exactly 100 pass', async (t) => {
  const ann = await signUp('user', 'ann')
  const answers = await times(200, () => ann.get('/api/v1/me'))
  t.strictSame(countStatuses(answers), { 200: 100, 429: 100 })
  const passed = answers.filter(({ statusCode }) => statusCode === 200)
  t.strictSame(
    passed
      .map(({ headers }) => Number(/r=(\d+)/.exec(String(headers.ratelimit))?.[1]))
      .sort((a, b) => b - a),
    Array.from({ length: 100 }, (_, i) => 99 - i)
  )
  for (const { headers } of answers) {
    t.equal(headers['ratelimit-policy'], '"default";q=100;w=60')
    t.match(headers.ratelimit, /^"default";r=\d+;t=([1-9]|[1-5]\d|60)$/)
  }
  const refused = answers.find(({ statusCode }) => statusCode === 429)
  t.match(refused?.json(), { code: 'rate_limited', type: /\/rate-limited$/, status: 429 })
  t.match(refused?.headers['retry-after'], /^([1-9]|[1-5]\d|60)$/)
  t.match(refused?.headers.ratelimit, /^"default";r=0;t=/)
  t.equal(
    (await ann.post('/api/v1/tasks', { title: 'Paint the door' })).statusCode,
    201,
    'creating has a budget of its own'
  )
  const ben = await signUp('user', 'ben')
  t.equal((await ben.get('/api/v1/me')).statusCode, 200, 'and so has everybody else')
})

t.test(
  'updates, deletions and deleting everything have budgets of their own, and what is not found counts',
  async (t) => {
    const cleo = await signUp('user', 'cleo')
    const missing = '/api/v1/tasks/019f2f6e-7c1a-7aaa-8aaa-0123456789ab'
    t.strictSame(
      countStatuses(
        await times(101, () =>
          cleo.send({ method: 'PATCH', url: missing, payload: { title: 'x' } })
        )
      ),
      { 404: 100, 429: 1 }
    )
    t.strictSame(
      countStatuses(await times(61, () => cleo.send({ method: 'DELETE', url: missing }))),
      {
        404: 60,
        429: 1
      }
    )
    t.strictSame(
      countStatuses(
        await times(21, () => cleo.send({ method: 'DELETE', url: '/api/v1/tasks?confirm=all' }))
      ),
      { 200: 20, 429: 1 }
    )
    t.equal((await cleo.get(missing)).statusCode, 404, 'reading goes on')
  }
)

t.test('each route of the log-in family counts for itself, before the body is read', async (t) => {
  const routes = [
    'register',
    'login',
    'token',
    'forgot-password',
    'verify-otp',
    'reset-password',
    'verify-email',
    'verify-email/resend'
  ]
  for (const route of routes) {
    const answers = await times(12, () =>
      request({
        method: 'POST',
        url: `/api/v1/auth/${route}`,
        ...from('10.1.1.7'),
        headers: { 'content-type': 'text/html' },
        payload: 'x'.repeat(2000)
      })
    )
    t.strictSame(countStatuses(answers), { 415: 10, 429: 2 }, route)
    t.equal(answers[0]?.headers['ratelimit-policy'], '"default";q=10;w=60')
  }
  const malformed = () =>
    request({ method: 'POST', url: '/api/v1/auth/refresh', ...from('10.1.1.7'), payload: {} })
  t.strictSame(
    countStatuses(await times(61, malformed)),
    { 400: 60, 429: 1 },
    'refreshing has more'
  )
  const elsewhere = await request({
    method: 'POST',
    url: '/api/v1/auth/login',
    ...from('203.0.113.8'),
    payload: { username: 'ann', password: PASSWORD }
  })
  t.equal(elsewhere.statusCode, 200, 'another address is another client')
})

t.test(
  'whatever checks the password of a known user is limited by user, and by address and operation',
  async (t) => {
    const strict = await createTestApp(t, { env: { ...ON, RATE_LIMIT_AUTH: '5' } })
    const [ann, ben, cleo] = [await strict.signUp(), await strict.signUp(), await strict.signUp()]
    const send = (
      who: typeof ann,
      method: 'PATCH' | 'POST' | 'DELETE',
      path: string,
      body: object
    ) =>
      who.send({ method, url: `/api/v1/me${path}`, payload: body, ...from(`198.51.100.${++host}`) })
    let host = 0
    const wrong = { current_password: 'wrong horse battery' }
    const right = { current_password: PASSWORD }
    const key = { name: 'Key', scopes: ['tasks:read'], expires_at: new Date(Date.now() + 9e6) }
    const first = await send(ann, 'PATCH', '', { username: 'ann', ...right })
    t.equal(first.headers['ratelimit-policy'], '"default";q=5;w=60')
    t.match(first.headers.ratelimit, /;r=4;/)
    const statuses = [
      await send(ann, 'POST', '/password', { new_password: PASSWORD, ...wrong }),
      await send(ann, 'POST', '/api-keys', { ...key, ...right }),
      await send(ann, 'DELETE', '', { password: 'wrong horse battery' }),
      await send(ann, 'PATCH', '', { email: 'ann@example.com', ...right }),
      await send(ann, 'PATCH', '', { username: 'ann.2', ...right }),
      await send(ann, 'DELETE', '', { password: PASSWORD }),
      await send(ann, 'POST', '/api-keys', key),
      await send(ann, 'PATCH', '', { name: 'Ann' })
    ].map(({ statusCode }) => statusCode)
    t.strictSame(
      statuses,
      [403, 201, 403, 200, 429, 429, 201, 200],
      'without a password they go on'
    )

    const oneHost = (who: typeof ann) =>
      who.send({
        method: 'PATCH',
        url: '/api/v1/me',
        payload: { username: String(who.user.username), ...right },
        ...from('203.0.113.77')
      })
    const answers = [
      ...(await times(3, () => oneHost(ben))),
      ...(await times(3, () => oneHost(cleo)))
    ]
    t.strictSame(countStatuses(answers), { 200: 5, 429: 1 })
    const large = await send(ben, 'POST', '/password', { ...wrong, new_password: 'x'.repeat(9000) })
    t.equal(large.statusCode, 413, 'nor is a large body read')
  }
)

t.test('the token endpoint rejects with OAuth error codes', async (t) => {
  const grant = () =>
    request({
      method: 'POST',
      url: '/api/v1/auth/token',
      ...from('203.0.113.9'),
      headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
      payload: 'grant_type=refresh_token&refresh_token=x'
    })
  const answers = await times(11, grant)
  t.match(answers.find(({ statusCode }) => statusCode === 429)?.json(), {
    code: 'rate_limited',
    error: 'invalid_request'
  })
})

t.test('an IPv6 client is its /64, and a mapped address is the IPv4 client', async (t) => {
  const spend = (address: string) =>
    request({ method: 'POST', url: '/api/v1/auth/login', ...from(address), payload: {} })
  t.strictSame(countStatuses(await times(12, (i) => spend(`2001:db8:1:2::${i + 1}`))), {
    400: 10,
    429: 2
  })
  t.equal((await spend('2001:db8:1:3::1')).statusCode, 400, 'the next /64 is somebody else')
  await times(10, () => spend('198.51.100.7'))
  t.equal((await spend('::ffff:198.51.100.7')).statusCode, 429)
})

t.test('guessing paths is limited, and probes are not', async (t) => {
  const answers = await times(61, (i) =>
    request({ url: `/wp-admin/${i}`, ...from('203.0.113.10') })
  )
  t.strictSame(countStatuses(answers), { 404: 60, 429: 1 })
  t.strictSame(
    countStatuses(
      await times(150, () => request({ url: '/health/live', ...from('203.0.113.10') }))
    ),
    { 200: 150 }
  )
})

t.test('limits come from the configuration, and off means off', async (t) => {
  const strict = await createTestApp(t, {
    env: { ...ON, RATE_LIMIT_READS: '3', RATE_LIMIT_AUTH: '2' }
  })
  const dora = await strict.signUp()
  t.strictSame(countStatuses(await times(5, () => dora.get('/api/v1/me'))), { 200: 3, 429: 2 })
  const free = await createTestApp(t, {
    env: { RATE_LIMIT_READS: '3' },
    database: { ...strict.database, close: async () => {} }
  })
  const answers = await times(5, () =>
    free.request({ url: '/api/v1/me', headers: { authorization: `Bearer ${dora.access_token}` } })
  )
  t.strictSame(countStatuses(answers), { 200: 5 })
  t.equal(answers[0]?.headers.ratelimit, undefined)
})

t.test(
  'in development the log says once how limits are lifted, and in production never',
  async (t) => {
    for (const [env, times] of [
      [{ NODE_ENV: 'development' }, 1],
      [PRODUCTION, 0]
    ] as const) {
      const lines: string[] = []
      const { request } = await createTestApp(t, {
        env: { ...env, RATE_LIMIT: 'on', RATE_LIMIT_NOT_FOUND: '2' },
        onLog: (line) => lines.push(line)
      })
      for (const status of [404, 404, 429, 429, 429]) {
        t.equal((await request({ url: '/api/v1/nowhere' })).statusCode, status)
      }
      t.equal(
        lines.filter((line) => line.includes('RATE_LIMIT=off lifts all limits')).length,
        times
      )
    }
  }
)

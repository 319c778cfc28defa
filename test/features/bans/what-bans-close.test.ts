import { sql } from 'drizzle-orm'
import t from 'tap'
import { createTestApp, PASSWORD } from '../../support/test-app.ts'
import { waitUntil } from '../../support/wait-until.ts'

const open = await createTestApp(t, {
  env: { RATE_LIMIT: 'on', RATE_LIMIT_AUTH: '1000' }
})
const { request, db, signUp } = open
const root = await signUp('admin', 'root')
const ann = await signUp('user', 'ann')
const OFFICE = '203.0.113.1'
const FORM = { 'content-type': 'application/x-www-form-urlencoded' }
const form = (fields: Record<string, string>) => ({
  method: 'POST' as const,
  url: '/api/v1/auth/token',
  headers: FORM,
  payload: new URLSearchParams(fields).toString()
})
const post = (path: string, payload: object) => ({
  method: 'POST' as const,
  url: `/api/v1/auth/${path}`,
  payload
})
const fromOffice = (options: Parameters<typeof request>[0]) =>
  request({ ...options, remoteAddress: OFFICE })
let strangers = 0
const wrongLogin = () =>
  fromOffice(post('login', { username: `nobody-${++strangers}`, password: 'not the right one' }))
const visit = async (remoteAddress: string) =>
  (await request({ url: '/health/live', remoteAddress })).statusCode

t.test(
  'an automatic ban closes what is open to anyone and lets valid tokens, keys and refreshes go on',
  async (t) => {
    const key = (
      await ann.post('/api/v1/me/api-keys', {
        name: 'robot',
        scopes: ['tasks:read'],
        expires_at: new Date(Date.now() + 86_400_000).toISOString()
      })
    ).json().key
    for (let i = 0; i < 20; i++) {
      await wrongLogin()
    }
    await waitUntil('the ban', async () => (await visit(OFFICE)) === 403)

    const CODE = { otp: '00000000' }
    for (const options of [
      post('login', { username: 'ann', password: PASSWORD }),
      post('register', { username: 'newcomer', password: PASSWORD }),
      form({ grant_type: 'password', username: 'ann', password: PASSWORD }),
      post('forgot-password', { email: 'ann@example.com' }),
      post('verify-otp', { reset_id: root.user.id, ...CODE }),
      post('reset-password', { reset_token: 'a'.repeat(43), new_password: PASSWORD }),
      post('verify-email', { email: 'ann@example.com', ...CODE }),
      { url: '/' },
      { url: '/nothing/here' },
      { method: 'PUT' as const, url: '/api/v1/auth/login' }
    ]) {
      const response = await fromOffice(options)
      t.match(response.json(), { status: 403, code: 'ip_banned' }, options.url)
      const seconds = Number(response.headers['retry-after'])
      t.ok(seconds > 1700 && seconds <= 1800, 'Retry-After is the time that is left')
    }

    const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })
    for (const [what, options] of [
      ['a token', { url: '/api/v1/me', ...bearer(ann.access_token) }],
      ['a key', { url: '/api/v1/tasks', ...bearer(key) }]
    ] as const) {
      t.equal((await fromOffice(options)).statusCode, 200, what)
    }
    const { refresh_token } = ann
    const next = await fromOffice(post('refresh', { refresh_token }))
    t.equal(next.statusCode, 200, 'a refresh')
    const after = await fromOffice(
      form({ grant_type: 'refresh_token', refresh_token: next.json().refresh_token })
    )
    t.equal(after.statusCode, 200, 'a refresh by form')
    t.equal(
      (await fromOffice({ url: '/api/v1/me', ...bearer('expired') })).statusCode,
      401,
      'a client whose token has expired learns that and refreshes'
    )
  }
)

t.test('a ban by hand replaces an automatic one and closes everything', async (t) => {
  const created = await root.post('/api/v1/admin/ip-bans', { address: OFFICE })
  t.match(created.json(), { automatic: false, until: null })
  await waitUntil(
    'the ban of valid tokens',
    async () => (await ann.send({ url: '/api/v1/me', remoteAddress: OFFICE })).statusCode === 403
  )
  const refused = await fromOffice(post('refresh', { refresh_token: 'a'.repeat(43) }))
  t.match(refused.json(), { status: 403, code: 'ip_banned' })
  const again = await root.post('/api/v1/admin/ip-bans', { address: OFFICE })
  t.match(again.json(), { status: 409, code: 'already_banned' })
  const { data } = (await root.get('/api/v1/admin/ip-bans')).json()
  t.match(data, [{ id: created.json().id, automatic: false }])
})

t.test('50 000 automatic bans do not push out one by hand, however old', async (t) => {
  const created = await root.post('/api/v1/admin/ip-bans', { address: '198.51.100.7' })
  t.equal(created.statusCode, 201)
  await db.execute(sql`
    INSERT INTO ip_bans (id, network, automatic, created_at, until)
    SELECT
      gen_random_uuid(),
      '2001:db8:' || to_hex(n) || '::/64',
      true,
      now() + interval '1 minute',
      now() + interval '1 hour'
    FROM generate_series(1, 50001) n`)
  await waitUntil('an automatic ban', async () => (await visit('2001:db8:1::1')) === 403)
  t.equal(await visit('198.51.100.7'), 403)
})

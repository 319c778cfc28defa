import t from 'tap'
import { ipViolations } from '../../src/db/tables/ip-bans.ts'
import { auditEntries } from '../support/audit-log.ts'
import { createTestApp, PASSWORD } from '../support/test-app.ts'

const FRONT_END = 'https://tasks.example.org'
const open = await createTestApp(t, {
  env: { RATE_LIMIT: 'on', RATE_LIMIT_AUTH: '3', CORS_ORIGINS: `${FRONT_END}/` }
})
const { request, db, signUp } = open
const ann = await signUp('user', 'ann')
const remoteAddress = '203.0.113.1'
const crossSite = (origin?: string) => ({
  'sec-fetch-site': 'cross-site',
  ...(origin !== undefined && { origin })
})
const formLogin = (password: string, headers: Record<string, string>) =>
  request({
    method: 'POST',
    url: '/api/v1/auth/token',
    remoteAddress,
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    payload: new URLSearchParams({ grant_type: 'password', username: 'ann', password }).toString()
  })
const facts = async () => (await auditEntries(db)).length

t.test('a form on another website neither logs in nor counts', async (t) => {
  const before = await facts()
  for (const origin of ['https://evil.example.com', 'null', undefined, `${FRONT_END}.evil.com`]) {
    for (let i = 0; i < 8; i++) {
      const response = await formLogin(i % 2 ? PASSWORD : 'wrong', crossSite(origin))
      t.match(response.json(), { status: 403, code: 'cross_site', error: 'invalid_request' })
      t.equal(response.headers.ratelimit, undefined)
    }
  }
  t.equal(await facts(), before, 'nothing was tried')
  t.equal((await formLogin(PASSWORD, {})).statusCode, 200, 'the budget is whole')
})

t.test('an origin in CORS_ORIGINS, the same site and other clients log in', async (t) => {
  t.equal((await formLogin(PASSWORD, crossSite(FRONT_END))).statusCode, 200)
  t.equal((await formLogin(PASSWORD, { 'sec-fetch-site': 'same-origin' })).statusCode, 200)
  t.equal((await formLogin(PASSWORD, crossSite(FRONT_END))).statusCode, 429, 'and count as usual')
})

t.test('another website can use none of the routes that check credentials', async (t) => {
  const bodies = {
    register: { username: 'newcomer', password: PASSWORD },
    login: { username: 'ann', password: PASSWORD },
    refresh: { refresh_token: ann.refresh_token },
    'forgot-password': { email: 'ann@example.com' },
    'verify-otp': { reset_id: ann.user.id, otp: '00000000' },
    'reset-password': { reset_token: 'a'.repeat(43), new_password: PASSWORD },
    'verify-email': { email: 'ann@example.com', otp: '00000000' },
    'verify-email/resend': { email: 'ann@example.com' }
  }
  const before = await facts()
  for (const [path, payload] of Object.entries(bodies)) {
    const response = await request({
      method: 'POST',
      url: `/api/v1/auth/${path}`,
      remoteAddress: '203.0.113.2',
      headers: crossSite('https://evil.example.com'),
      payload
    })
    t.match(response.json(), { status: 403, code: 'cross_site' }, path)
  }
  t.equal(await facts(), before)
  await open.app.close()
  t.strictSame(await db.select().from(ipViolations), [])
})

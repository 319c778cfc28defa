import t from 'tap'
import { createPasswords } from '../../src/core/passwords.ts'
import { countStatuses } from '../support/status-counts.ts'
import { createTestApp, PASSWORD } from '../support/test-app.ts'
import { waitUntil } from '../support/wait-until.ts'

t.test('logins beyond the queue get a Retry-After, and other requests are served', async (t) => {
  const { request, signUp } = await createTestApp(t, { deps: { passwords: createPasswords() } })
  const ann = await signUp('user', 'ann')
  const login = () =>
    request({
      method: 'POST',
      url: '/api/v1/auth/login',
      payload: { username: 'ann', password: PASSWORD }
    })
  const crowd = Array.from({ length: 200 }, login)
  t.equal((await ann.get('/api/v1/me')).statusCode, 200, 'existing sessions are not affected')
  const responses = await Promise.all(crowd)
  const { 200: served = 0, 503: rejected = 0 } = countStatuses(responses)
  t.equal(served + rejected, 200)
  t.ok(served > 0, 'some are served')
  t.ok(rejected > 0, 'some are rejected')
  for (const response of responses.filter(({ statusCode }) => statusCode === 503)) {
    t.match(response.headers['retry-after'], /^[1-9]\d*$/)
    t.equal(response.json().code, 'unavailable')
  }
  t.equal((await login()).statusCode, 200, 'afterwards logins work again')
})

t.test('while accounts hammer password checks, logins are answered', async (t) => {
  const passwords = createPasswords()
  const { request, signUp } = await createTestApp(t, {
    env: {
      RATE_LIMIT: 'on',
      RATE_LIMIT_AUTH: '100000',
      IP_BAN_ALLOWLIST: '0.0.0.0/1, 128.0.0.0/1'
    },
    deps: { passwords }
  })
  await signUp('user', 'ann')
  const login = (remoteAddress: string) =>
    request({
      method: 'POST',
      url: '/api/v1/auth/login',
      remoteAddress,
      payload: { username: 'ann', password: PASSWORD }
    })
  t.equal((await login('203.0.113.1')).statusCode, 200)
  const crowd = []
  for (let i = 0; i < 40; i++) {
    crowd.push(await signUp())
  }
  const payload = { current_password: PASSWORD, username: 'a-name' }
  const checks = crowd.flatMap((who) =>
    [1, 2, 3, 4].map(() => who.send({ method: 'PATCH', url: '/api/v1/me', payload }))
  )
  await waitUntil('a full queue', () => passwords.queueStats().rejected > 0)
  const answers = await Promise.all([
    login('203.0.113.1'),
    login('203.0.113.1'),
    login('203.0.113.2')
  ])
  t.strictSame(countStatuses(answers), { 200: 3 }, 'from a known network, and from a new one')
  const { 503: rejected = 0 } = countStatuses(await Promise.all(checks))
  t.ok(rejected > 0, 'others are rejected meanwhile')
})

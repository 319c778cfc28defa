import t from 'tap'
import { countStatuses } from '../support/status-counts.ts'
import { createTestApp, PASSWORD } from '../support/test-app.ts'

t.test('logins beyond the queue get a Retry-After, and other requests are served', async (t) => {
  const { request, signUp } = await createTestApp(t)
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

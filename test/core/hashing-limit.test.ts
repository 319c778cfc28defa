import t from 'tap'
import { countStatuses } from '../support/status-counts.ts'
import { createTestApp, PASSWORD } from '../support/test-app.ts'

t.test(
  'more sign-ins than can wait are told when to come again, and everything else goes on',
  async (t) => {
    const { request, signUp } = await createTestApp(t)
    const ann = await signUp('user', 'ann')
    const login = () =>
      request({
        method: 'POST',
        url: '/api/v1/auth/login',
        payload: { username: 'ann', password: PASSWORD }
      })
    const crowd = Array.from({ length: 200 }, login)
    t.equal((await ann.get('/api/v1/me')).statusCode, 200, 'who is logged in does not notice')
    const answers = await Promise.all(crowd)
    const { 200: served = 0, 503: refused = 0 } = countStatuses(answers)
    t.equal(served + refused, 200)
    t.ok(served > 0, 'some are served')
    t.ok(refused > 0, 'some are refused')
    for (const answer of answers.filter(({ statusCode }) => statusCode === 503)) {
      t.match(answer.headers['retry-after'], /^[1-9]\d*$/)
      t.equal(answer.json().code, 'unavailable')
    }
    t.equal((await login()).statusCode, 200, 'afterwards the door is open again')
  }
)

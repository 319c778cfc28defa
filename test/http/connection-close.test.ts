import t from 'tap'
import { createTestApp } from '../support/test-app.ts'

t.test(
  'while the process is shutting down it serves, is not ready, and closes connections',
  async (t) => {
    let isLeaving = false
    const { request, signUp } = await createTestApp(t, {
      deps: { isShuttingDown: () => isLeaving }
    })
    const ann = await signUp()
    t.equal((await request({ url: '/health/ready' })).statusCode, 200)
    t.not((await ann.get('/api/v1/tasks')).headers.connection, 'close')
    isLeaving = true
    t.match(await request({ url: '/health/ready' }), {
      statusCode: 503,
      headers: { connection: 'close', 'retry-after': /\d/ }
    })
    t.match(await request({ url: '/health/live' }), {
      statusCode: 200,
      headers: { connection: 'close' }
    })
    t.match(await ann.get('/api/v1/tasks'), { statusCode: 200, headers: { connection: 'close' } })
    t.match(await ann.post('/api/v1/tasks', { title: 'Paint the door' }), { statusCode: 201 })
  }
)

import t from 'tap'
import { house } from '../support/house.ts'

t.test(
  'while the process is leaving it serves, is not ready, and sends callers elsewhere',
  async (t) => {
    let isLeaving = false
    const { ask, person } = await house(t, { deps: { isLeaving: () => isLeaving } })
    const ann = await person()
    t.equal((await ask({ url: '/health/ready' })).statusCode, 200)
    t.not((await ann.get('/api/v1/tasks')).headers.connection, 'close')
    isLeaving = true
    t.match(await ask({ url: '/health/ready' }), {
      statusCode: 503,
      headers: { connection: 'close', 'retry-after': /\d/ }
    })
    t.match(await ask({ url: '/health/live' }), {
      statusCode: 200,
      headers: { connection: 'close' }
    })
    t.match(await ann.get('/api/v1/tasks'), { statusCode: 200, headers: { connection: 'close' } })
    t.match(await ann.post('/api/v1/tasks', { title: 'Paint the door' }), { statusCode: 201 })
  }
)

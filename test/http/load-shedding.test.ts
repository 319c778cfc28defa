import { setTimeout as pause } from 'node:timers/promises'
import { pino } from 'pino'
import t from 'tap'
import { readConfig } from '../../src/config.ts'
import { loadShedding } from '../../src/http/plugins/load-shedding.ts'
import { createApp } from '../../src/http/server.ts'
import { createTestApp } from '../support/test-app.ts'
import { waitUntil } from '../support/wait-until.ts'

/** Keeps the event loop busy in long pieces, as too much work would. */
function stall(): () => void {
  let isOver = false
  const piece = () => {
    const end = performance.now() + 80
    while (performance.now() < end) {}
    if (!isOver) {
      setImmediate(piece)
    }
  }
  setImmediate(piece)
  return () => {
    isOver = true
  }
}

t.test('a server that has just started does not take its own start for overload', async (t) => {
  // A machine that is busy itself may overload the server in earnest, so one calm start in several will do.
  await waitUntil('a start that refuses nobody', async () => {
    const app = createApp(readConfig({ NODE_ENV: 'test' }), pino({ level: 'silent' }))
    t.teardown(() => app.close())
    await app.register(loadShedding, { maxDelayMs: 1 })
    app.get('/', async () => 'open')
    const end = stall()
    await app.ready()
    // Until the first sample has been taken, which has the start in it.
    await pause(600)
    end()
    return (await app.inject('/')).statusCode === 200
  })
})

t.test(
  'while the event loop lags new requests get a 503, probes get through, and afterwards requests are served',
  async (t) => {
    const { request } = await createTestApp(t, {
      env: { MAX_EVENT_LOOP_DELAY_MS: '40', DATABASE_URL: 'postgres://127.0.0.1/configured-only' }
    })
    await waitUntil(
      'a calm event loop',
      async () => (await request({ url: '/' })).statusCode === 200
    )
    const end = stall()
    t.teardown(end)
    await waitUntil('the shedding', async () => {
      const answer = await request({ url: '/' })
      if (answer.statusCode !== 503) {
        return false
      }
      t.match(answer.json(), { code: 'unavailable' })
      t.match(answer.headers['retry-after'], /^[1-9]\d*$/)
      return true
    })
    t.equal((await request({ url: '/health/live' })).statusCode, 200)
    end()
    await waitUntil('the end of it', async () => (await request({ url: '/' })).statusCode === 200)
  }
)

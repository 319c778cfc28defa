import { setTimeout as pause } from 'node:timers/promises'
import { pino } from 'pino'
import t from 'tap'
import { readConfig } from '../../src/config.ts'
import { createApp } from '../../src/plugins/server.ts'
import { shedding } from '../../src/plugins/shedding.ts'
import { house } from '../support/house.ts'
import { until } from '../support/patience.ts'

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
  await until('a start that refuses nobody', async () => {
    const app = createApp(readConfig({ NODE_ENV: 'test' }), pino({ level: 'silent' }))
    t.teardown(() => app.close())
    await app.register(shedding, { maxDelayMs: 1 })
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
  'while the event loop lags new requests are told to come again, probes get through, and afterwards all is well',
  async (t) => {
    const { ask } = await house(t, {
      env: { SHED_DELAY_MS: '40', DATABASE_URL: 'postgres://127.0.0.1/configured-only' }
    })
    await until('a calm event loop', async () => (await ask({ url: '/' })).statusCode === 200)
    const end = stall()
    t.teardown(end)
    await until('the shedding', async () => {
      const answer = await ask({ url: '/' })
      if (answer.statusCode !== 503) {
        return false
      }
      t.match(answer.json(), { code: 'unavailable' })
      t.match(answer.headers['retry-after'], /^[1-9]\d*$/)
      return true
    })
    t.equal((await ask({ url: '/health/live' })).statusCode, 200)
    end()
    await until('the end of it', async () => (await ask({ url: '/' })).statusCode === 200)
  }
)

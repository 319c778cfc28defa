import t from 'tap'
import { house } from '../support/house.ts'
import { until } from '../support/patience.ts'

/** Keeps the event loop busy in long pieces, as too much work would. */
function stall (): () => void {
  let isOver = false
  const piece = () => {
    const end = performance.now() + 80
    while (performance.now() < end);
    if (!isOver) setImmediate(piece)
  }
  setImmediate(piece)
  return () => { isOver = true }
}

t.test('while the event loop lags new requests are told to come again, probes get through, and afterwards all is well', async (t) => {
  const { ask } = await house(t, { env: { SHED_DELAY_MS: '40', DATABASE_URL: 'postgres://127.0.0.1/configured-only' } })
  await until('a calm event loop', async () => (await ask({ url: '/' })).statusCode === 200)
  const end = stall()
  t.teardown(end)
  await until('the shedding', async () => {
    const answer = await ask({ url: '/' })
    if (answer.statusCode !== 503) return false
    t.match(answer.json(), { code: 'unavailable' })
    t.match(answer.headers['retry-after'], /^[1-9]\d*$/)
    return true
  })
  t.equal((await ask({ url: '/health/live' })).statusCode, 200)
  end()
  await until('the end of it', async () => (await ask({ url: '/' })).statusCode === 200)
})

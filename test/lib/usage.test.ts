import t from 'tap'
import { createUsage } from '../../src/lib/usage.ts'

t.test('what each key uses adds up and fades, and nobody else has used it', async (t) => {
  const usage = createUsage(60_000)
  usage.add('ann', 200)
  usage.add('ann', 300)
  t.ok(usage.of('ann') > 499 && usage.of('ann') <= 500)
  t.equal(usage.of('bob'), 0)
  const faded = createUsage(Number.MIN_VALUE)
  faded.add('ann', 500)
  t.equal(faded.of('ann'), 0)
})

t.test('the keys used longest ago are forgotten, so that memory is bounded', async (t) => {
  const usage = createUsage(60_000)
  for (let i = 0; i < 10_001; i++) {
    usage.add(`user-${i}`, 1)
  }
  t.equal(usage.of('user-0'), 0)
  t.ok(usage.of('user-1') > 0)
})

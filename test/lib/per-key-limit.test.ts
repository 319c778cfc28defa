import t from 'tap'
import { createPerKeyLimit } from '../../src/lib/per-key-limit.ts'

t.test('each key has its own places, and one that is given back twice counts once', async (t) => {
  const take = createPerKeyLimit(2)
  const [first, second] = [take('ann'), take('ann')]
  t.ok(first && second)
  t.equal(take('ann'), undefined)
  t.ok(take('bob'))
  first?.()
  first?.()
  t.ok(take('ann'))
  t.equal(take('ann'), undefined)
})

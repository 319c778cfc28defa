import t from 'tap'
import { createTtlCache } from '../../src/lib/ttl-cache.ts'

/** Creates a cache whose loads are resolved by the test. */
function readings(ttlMs = 60_000) {
  const reads: { key: string; answer: (value: string) => void; fail: (error: Error) => void }[] = []
  const cache = createTtlCache({
    max: 3,
    ttlMs,
    load: (key) =>
      new Promise<string>((answer, fail) => {
        reads.push({ key, answer, fail })
      })
  })
  return { cache, reads }
}

t.test('concurrent calls share one load, and its result is cached', async (t) => {
  const { cache, reads } = readings()
  const both = [cache.get('a'), cache.get('a')]
  t.equal(reads.length, 1)
  reads[0]?.answer('first')
  t.strictSame(await Promise.all(both), ['first', 'first'])
  t.equal(await cache.get('a'), 'first')
  t.equal(reads.length, 1)
})

t.test('a key that is invalidated during a load is returned to earlier calls only', async (t) => {
  const { cache, reads } = readings()
  const before = cache.get('a')
  cache.invalidate('a')
  const after = cache.get('a')
  reads[1]?.answer('new')
  reads[0]?.answer('old')
  t.strictSame(await Promise.all([before, after]), ['old', 'new'])
  t.equal(await cache.get('a'), 'new')
})

t.test('a failed load rejects, is not cached and does not remove a later one', async (t) => {
  const { cache, reads } = readings()
  const failing = cache.get('a')
  reads[0]?.fail(new Error('away'))
  await t.rejects(failing, { message: 'away' })
  const slow = cache.get('a')
  cache.invalidate('a')
  const fresh = cache.get('a')
  reads[1]?.fail(new Error('late'))
  await t.rejects(slow, { message: 'late' })
  reads[2]?.answer('fresh')
  t.equal(await fresh, 'fresh')
  t.equal(await cache.get('a'), 'fresh')
  t.equal(reads.length, 3)
})

t.test('a group of keys can be invalidated, and the oldest keys are evicted', async (t) => {
  const { cache, reads } = readings()
  for (const key of ['u1 a', 'u1 b', 'u2 a']) {
    cache.get(key)
  }
  cache.invalidateWhere((key) => key.startsWith('u1'))
  cache.get('u2 a')
  t.equal(reads.length, 3, 'the other one is still known')
  for (const key of ['u1 a', 'u3 a', 'u4 a', 'u2 a']) {
    cache.get(key)
  }
  t.strictSame(reads.map(({ key }) => key).slice(3), ['u1 a', 'u3 a', 'u4 a', 'u2 a'])
})

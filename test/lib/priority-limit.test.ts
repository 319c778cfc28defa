import t from 'tap'
import { QueueFullError } from '../../src/lib/concurrency-limit.ts'
import { createPriorityLimit } from '../../src/lib/priority-limit.ts'

/** More than what any wait of these tests makes up for. */
const MUCH = 1_000_000

const nextTick = () => new Promise((resolve) => setImmediate(resolve))

/** Starts work of somebody who has used so much; it ends when the test says so. */
function createWork(limits: { slots: number; lowSlots: number; queue: number }) {
  const run = createPriorityLimit(limits)
  const started: string[] = []
  const start = (name: string, used: number, { isLow = false, waitMs = 60_000 } = {}) => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const settled = run({ used: () => used, isLow: () => isLow, waitMs }, () => {
      started.push(name)
      return promise
    })
    return { settled, end: () => resolve() }
  }
  return { start, started }
}

t.test('when a slot becomes free, whoever has used least goes first', async (t) => {
  const { start, started } = createWork({ slots: 1, lowSlots: 1, queue: 10 })
  const works = [
    start('first', 0),
    start('much', 2 * MUCH),
    start('little', 10),
    start('some', MUCH)
  ]
  for (const { end } of works) {
    end()
  }
  await Promise.all(works.map(({ settled }) => settled))
  t.strictSame(started, ['first', 'little', 'some', 'much'])
})

t.test('whoever has used a little more does not wait for all who come later', async (t) => {
  const { start, started } = createWork({ slots: 1, lowSlots: 1, queue: 10 })
  const works = [start('first', 0), start('earlier', 0.001)]
  await nextTick()
  works.push(start('later', 0))
  for (const { end } of works) {
    end()
  }
  await Promise.all(works.map(({ settled }) => settled))
  t.strictSame(started, ['first', 'earlier', 'later'])
})

t.test(
  'work of low priority leaves slots to the others, and its slot rests afterwards',
  async (t) => {
    const { start, started } = createWork({ slots: 3, lowSlots: 1, queue: 10 })
    const low = [start('low 1', 1, { isLow: true }), start('low 2', 2, { isLow: true })]
    const high = [start('high 1', 5), start('high 2', 6), start('high 3', 7)]
    await nextTick()
    t.strictSame(started, ['low 1', 'high 1', 'high 2'])
    low[0]?.end()
    await low[0]?.settled
    await nextTick()
    t.strictSame(
      started,
      ['low 1', 'high 1', 'high 2', 'high 3'],
      'not yet another of low priority'
    )
    for (const { end } of [...low, ...high]) {
      end()
    }
    await Promise.all([...low, ...high].map(({ settled }) => settled))
    t.equal(started.at(-1), 'low 2')
  }
)

t.test('after work of low priority its slot rests for a while', async (t) => {
  const { start, started } = createWork({ slots: 2, lowSlots: 1, queue: 10 })
  const [first, second] = [start('first', 1, { isLow: true }), start('second', 2, { isLow: true })]
  first.end()
  await first.settled
  // No timer can run meanwhile.
  for (let i = 0; i < 20; i++) {
    await undefined
  }
  t.strictSame(started, ['first'])
  second.end()
  await second.settled
  t.strictSame(started, ['first', 'second'])
})

t.test('a full queue rejects whoever has used most, a newcomer or not', async (t) => {
  const { start, started } = createWork({ slots: 1, lowSlots: 1, queue: 1 })
  const running = start('running', 0)
  const much = start('much', 90)
  const little = start('little', 10)
  await t.rejects(much.settled, new QueueFullError('queue full'))
  await t.rejects(start('most', 95).settled, new QueueFullError('queue full'))
  running.end()
  little.end()
  await Promise.all([running.settled, little.settled])
  t.strictSame(started, ['running', 'little'])
})

t.test('whoever has waited too long is rejected before anything starts', async (t) => {
  const { start, started } = createWork({ slots: 1, lowSlots: 1, queue: 10 })
  const running = start('running', 0)
  await t.rejects(start('late', 0, { waitMs: 1 }).settled, new QueueFullError('waited too long'))
  running.end()
  await running.settled
  t.strictSame(started, ['running'])
})

t.test('work that fails gives its slot back', async (t) => {
  const run = createPriorityLimit({ slots: 1, lowSlots: 1, queue: 10 })
  const priority = { used: () => 0, isLow: () => false, waitMs: 60_000 }
  await t.rejects(
    run(priority, () => Promise.reject(new Error('it failed'))),
    /it failed/
  )
  t.equal(await run(priority, async () => 'done'), 'done')
})

t.test('whether work is of low priority is asked when it may start', async (t) => {
  const run = createPriorityLimit({ slots: 2, lowSlots: 1, queue: 10 })
  const blocker = Promise.withResolvers<void>()
  let isLow = true
  const low = run({ used: () => 0, isLow: () => true, waitMs: 60_000 }, () => blocker.promise)
  const waiting = run({ used: () => 0, isLow: () => isLow, waitMs: 60_000 }, async () => 'done')
  const other = run({ used: () => 0, isLow: () => false, waitMs: 60_000 }, async () => {
    isLow = false
  })
  await other
  t.equal(await waiting, 'done', 'it does not wait for the slot of low priority any more')
  blocker.resolve()
  await low
})

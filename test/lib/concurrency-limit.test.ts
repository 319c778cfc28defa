import t from 'tap'
import { createConcurrencyLimit, QueueFullError } from '../../src/lib/concurrency-limit.ts'

/** Creates work that ends when the test says so. */
function task() {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const state = { started: false }
  return {
    state,
    run: () => {
      state.started = true
      return promise
    },
    end: () => resolve('done'),
    fail: (error: Error) => reject(error)
  }
}
const nextTick = () => new Promise((resolve) => setImmediate(resolve))

t.test(
  'at most `slots` pieces of work run at once; the others wait and start in order',
  async (t) => {
    const limit = createConcurrencyLimit({ slots: 2, queue: 10, waitMs: 60_000 })
    const tasks = [task(), task(), task(), task()]
    const results = tasks.map(({ run }) => limit(run))
    await nextTick()
    t.strictSame(
      tasks.map(({ state }) => state.started),
      [true, true, false, false]
    )
    tasks[1]?.end()
    await results[1]
    await nextTick()
    t.strictSame(
      tasks.map(({ state }) => state.started),
      [true, true, true, false]
    )
    for (const { end } of tasks) {
      end()
    }
    t.strictSame(await Promise.all(results), ['done', 'done', 'done', 'done'])
  }
)

t.test('work beyond the queue is rejected before it starts', async (t) => {
  const limit = createConcurrencyLimit({ slots: 1, queue: 2, waitMs: 60_000 })
  const tasks = Array.from({ length: 4 }, task)
  const results = tasks.map(({ run }) => limit(run))
  await t.rejects(results[3] as Promise<string>, new QueueFullError('queue full'))
  t.notOk(tasks[3]?.state.started)
  for (const { end } of tasks) {
    end()
  }
  t.strictSame(await Promise.all(results.slice(0, 3)), ['done', 'done', 'done'])
})

t.test('work that waits too long is rejected and leaves the queue', async (t) => {
  const limit = createConcurrencyLimit({ slots: 1, queue: 1, waitMs: 5 })
  const [slow, late, next] = [task(), task(), task()]
  const running = limit(slow.run)
  await t.rejects(limit(late.run), new QueueFullError('waited too long'))
  const waiting = limit(next.run)
  slow.end()
  await running
  next.end()
  t.equal(await waiting, 'done')
  t.notOk(late.state.started)
})

t.test('work that fails releases its slot', async (t) => {
  const limit = createConcurrencyLimit({ slots: 1, queue: 1, waitMs: 60_000 })
  const broken = task()
  const result = limit(broken.run)
  broken.fail(new Error('no luck'))
  await t.rejects(result, { message: 'no luck' })
  t.equal(await limit(async () => 'next'), 'next')
  await t.rejects(
    limit(() => {
      throw new Error('at once')
    }),
    { message: 'at once' }
  )
  t.equal(await limit(async () => 'next'), 'next')
})

t.test('kinds of work take turns, and a crowd of one kind makes room for another', async (t) => {
  const limit = createConcurrencyLimit({ slots: 1, queue: 4, waitMs: 60_000 })
  const order: string[] = []
  const blocker = task()
  const running = limit(blocker.run)
  const add = (name: string, kind: string) =>
    limit(async () => order.push(name), kind).catch((error: Error) => error.message)
  const crowd = ['a1', 'a2', 'a3', 'a4'].map((name) => add(name, 'a'))
  const others = ['b1', 'b2', 'b3'].map((name) => add(name, 'b'))
  t.equal(limit.stats().waiting, 4)
  blocker.end()
  await running
  t.strictSame(await Promise.all(crowd.slice(2)), ['queue full', 'queue full'], 'the last ones')
  t.equal(await others[2], 'queue full', 'a kind gets no more than its share')
  await Promise.all([...crowd, ...others])
  t.strictSame(order, ['a1', 'b1', 'a2', 'b2'])
  t.match(limit.stats(), { running: 0, waiting: 0, rejected: 3 })
})

import t from 'tap'
import { createConcurrencyLimit, QueueFullError } from '../../src/lib/concurrency-limit.ts'

/** Work that ends when it is told to. */
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
const turn = () => new Promise((resolve) => setImmediate(resolve))

t.test(
  'as many run at once as there are slots; the others wait and are let in in order',
  async (t) => {
    const gate = createConcurrencyLimit({ slots: 2, queue: 10, waitMs: 60_000 })
    const tasks = [task(), task(), task(), task()]
    const results = tasks.map(({ run }) => gate(run))
    await turn()
    t.strictSame(
      tasks.map(({ state }) => state.started),
      [true, true, false, false]
    )
    tasks[1]?.end()
    await results[1]
    await turn()
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

t.test('beyond the queue everything is refused before it starts', async (t) => {
  const gate = createConcurrencyLimit({ slots: 1, queue: 2, waitMs: 60_000 })
  const tasks = Array.from({ length: 4 }, task)
  const results = tasks.map(({ run }) => gate(run))
  await t.rejects(results[3] as Promise<string>, new QueueFullError('queue full'))
  t.notOk(tasks[3]?.state.started)
  for (const { end } of tasks) {
    end()
  }
  t.strictSame(await Promise.all(results.slice(0, 3)), ['done', 'done', 'done'])
})

t.test('who waits too long is refused, and leaves its place to others', async (t) => {
  const gate = createConcurrencyLimit({ slots: 1, queue: 1, waitMs: 5 })
  const [slow, late, next] = [task(), task(), task()]
  const running = gate(slow.run)
  await t.rejects(gate(late.run), new QueueFullError('waited too long'))
  const waiting = gate(next.run)
  slow.end()
  await running
  next.end()
  t.equal(await waiting, 'done')
  t.notOk(late.state.started)
})

t.test('work that fails gives its slot back', async (t) => {
  const gate = createConcurrencyLimit({ slots: 1, queue: 1, waitMs: 60_000 })
  const broken = task()
  const result = gate(broken.run)
  broken.fail(new Error('no luck'))
  await t.rejects(result, { message: 'no luck' })
  t.equal(await gate(async () => 'next'), 'next')
  await t.rejects(
    gate(() => {
      throw new Error('at once')
    }),
    { message: 'at once' }
  )
  t.equal(await gate(async () => 'next'), 'next')
})

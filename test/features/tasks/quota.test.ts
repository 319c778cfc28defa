import t from 'tap'
import { createTestApp, type Person } from '../../support/test-app.ts'

const { signUp } = await createTestApp(t, { env: { MAX_TASKS_PER_USER: '10' } })
const total = async (who: Person) => (await who.get('/api/v1/task-stats')).json().total
const REJECTED = { status: 403, code: 'quota_exceeded' }

t.test(
  'thirty creations at once use the quota exactly; other users are not affected',
  async (t) => {
    const [ann, bob] = [await signUp(), await signUp()]
    const responses = await Promise.all([
      ...Array.from({ length: 30 }, (_, i) => ann.post('/api/v1/tasks', { title: `${i}` })),
      bob.post('/api/v1/tasks', { title: "Bob's" })
    ])
    t.equal(responses.pop()?.statusCode, 201)
    t.equal(responses.filter((a) => a.statusCode === 201).length, 10)
    for (const rejected of responses.filter((a) => a.statusCode !== 201)) {
      t.match(rejected.json(), REJECTED)
    }
    t.equal(await total(ann), 10)
  }
)

t.test('the quota applies to batches and restores; a deleted task does not count', async (t) => {
  const ann = await signUp()
  const creates = (n: number) =>
    Array.from({ length: n }, (_, i) => ({ op: 'create', data: { title: `${i}` } }))
  t.match((await ann.post('/api/v1/task-batches', { operations: creates(11) })).json(), {
    ...REJECTED,
    errors: [{ pointer: '/operations/10' }]
  })
  t.equal(await total(ann), 0)
  const { results } = (
    await ann.post('/api/v1/task-batches', { atomic: false, operations: creates(12) })
  ).json()
  t.strictSame(
    results.map((r: { status: number }) => r.status),
    [...Array(10).fill(201), 403, 403]
  )
  const task = results[0].task
  await ann.remove(task)
  t.equal((await ann.post('/api/v1/tasks', { title: 'In its place' })).statusCode, 201)
  t.match((await ann.restore(task)).json(), REJECTED)
  t.equal(await total(ann), 10)
})

t.test('restores at once do not exceed the quota either', async (t) => {
  const ann = await signUp()
  const tasks = []
  for (let i = 0; i < 10; i++) {
    tasks.push(await ann.create({ title: `${i}` }))
  }
  await ann.send({ method: 'DELETE', url: '/api/v1/tasks?confirm=all' })
  for (let i = 0; i < 5; i++) {
    await ann.create({ title: `new ${i}` })
  }
  const responses = await Promise.all(tasks.map((task) => ann.restore(task)))
  t.equal(responses.filter((a) => a.statusCode === 200).length, 5)
  t.equal(await total(ann), 10)
})

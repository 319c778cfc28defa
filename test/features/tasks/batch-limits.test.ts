import t from 'tap'
import { countStatuses } from '../../support/status-counts.ts'
import { createTestApp, type Person } from '../../support/test-app.ts'

const { signUp, events } = await createTestApp(t, { env: { RATE_LIMIT: 'on' } })

const NOBODY = '019f2f6e-7c1a-7aaa-8aaa-0123456789ab'
const creates = (count: number) =>
  Array.from({ length: count }, () => ({ op: 'create', data: { title: 'x' } }))
const updates = (ids: string[]) => ids.map((id) => ({ op: 'update', id, data: { status: 'done' } }))
const deletes = (ids: string[]) => ids.map((id) => ({ op: 'delete', id }))
const batch = (who: Person, operations: object[], atomic = true) =>
  who.post('/api/v1/task-batches', { atomic, operations })
const total = async (who: Person) => (await who.get('/api/v1/task-stats')).json().total
const idsOf = (response: { json: () => { results: { id: string }[] } }) =>
  response.json().results.map(({ id }) => id)

t.test('the operations of a batch cost as much as requests of their own', async (t) => {
  const ann = await signUp()
  const first = await batch(ann, creates(60))
  t.match(first, {
    statusCode: 200,
    headers: { 'ratelimit-policy': '"default";q=100;w=60', ratelimit: /r=40;/ }
  })
  const before = await events.count()
  const refused = await batch(ann, creates(41))
  t.match(refused, { statusCode: 429, headers: { ratelimit: /r=40;/, 'retry-after': /^\d+$/ } })
  t.match(refused.json(), { code: 'rate_limited', detail: /41 creates.* 40 more of 100/ })
  t.equal(await total(ann), 60, 'nothing of it is done')
  t.equal(await events.count(), before)
  t.match((await ann.post('/api/v1/tasks', { title: 'x' })).headers.ratelimit, /r=39;/)
  t.match((await batch(ann, creates(39))).headers.ratelimit, /r=0;/)
  t.equal((await ann.post('/api/v1/tasks', { title: 'x' })).statusCode, 429)
})

t.test(
  'each kind of operation has its budget, and one that does not fit spends none',
  async (t) => {
    const ann = await signUp()
    const ids = idsOf(await batch(ann, creates(70)))
    t.match(await batch(ann, deletes(ids.slice(0, 61))), {
      statusCode: 429,
      headers: { 'ratelimit-policy': '"default";q=60;w=60', ratelimit: /r=60;/ }
    })
    t.match((await batch(ann, deletes(ids.slice(0, 61)))).json().detail, /split/)
    t.match((await batch(ann, deletes(ids.slice(0, 50)))).headers.ratelimit, /r=10;/)
    const mixed = await batch(ann, [...updates(ids.slice(50, 59)), ...deletes(ids.slice(59, 70))])
    t.match(mixed, { statusCode: 429, headers: { ratelimit: /r=10;/ } })
    t.equal(await total(ann), 20)
    const updated = await ann.patch({ id: ids[69] as string }, { title: 'New' })
    t.match(updated.headers.ratelimit, /r=99;/, 'updates that were not made are not counted')
    const fitting = await batch(ann, [...updates(ids.slice(50, 60)), ...deletes(ids.slice(60))])
    t.match(fitting, { statusCode: 200, headers: { ratelimit: /r=0;/ } })
  }
)

t.test('of parallel batches no more pass than fit', async (t) => {
  const ann = await signUp()
  const answers = await Promise.all(Array.from({ length: 10 }, () => batch(ann, creates(30))))
  t.strictSame(countStatuses(answers), { 200: 3, 429: 7 })
  t.equal(await total(ann), 90)
})

t.test('operations that are rejected count, and batches that are malformed do not', async (t) => {
  const ann = await signUp()
  t.equal((await batch(ann, deletes([NOBODY]), false)).statusCode, 200)
  t.equal((await batch(ann, [...creates(5), { op: 'paint' }])).statusCode, 400)
  t.equal((await batch(ann, creates(1))).statusCode, 200)
  t.match((await ann.post('/api/v1/tasks', { title: 'x' })).headers.ratelimit, /r=98;/)
  t.match((await ann.remove({ id: NOBODY })).headers.ratelimit, /r=58;/)
})

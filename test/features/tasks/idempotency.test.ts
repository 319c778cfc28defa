import { randomBytes } from 'node:crypto'
import { sql } from 'drizzle-orm'
import t from 'tap'
import { purgeIdempotencyKeys, runOnce } from '../../../src/core/idempotency.ts'
import { executeRows } from '../../../src/db/rows.ts'
import type { Task } from '../../../src/features/tasks/schema.ts'
import { serverUrl } from '../../support/database.ts'
import { createTestApp, type Person } from '../../support/test-app.ts'

const { signUp, events, db } = await createTestApp(t)
const create = (who: Person, key: string, payload: object, url = '/api/v1/tasks') =>
  who.send({ method: 'POST', url, payload, headers: { 'idempotency-key': key } })
/** As long as a description may be, and such that it cannot be compressed. */
const longText = () => randomBytes(5000).toString('hex')
const total = async (who: Person) => (await who.get('/api/v1/task-stats')).json().total

t.test('a repeated creation has no second effect and returns the first response', async (t) => {
  const ann = await signUp()
  const first = await create(ann, 'k 1', { title: 'Paint', tags: ['a'] })
  const again = await create(ann, 'k 1', { tags: ['a'], title: 'Paint' })
  t.strictSame(
    [again.statusCode, again.body, again.headers.location, again.headers.etag],
    [201, first.body, first.headers.location, first.headers.etag]
  )
  t.equal(first.headers['idempotent-replayed'], undefined)
  t.equal(again.headers['idempotent-replayed'], 'true')
  t.equal(await total(ann), 1)
  t.strictSame(await events.of(first.json()), ['task.created'])
})

t.test(
  'of thirty equal requests at once exactly one has an effect; the others replay it or are rejected',
  async (t) => {
    const ann = await signUp()
    const responses = await Promise.all(
      Array.from({ length: 30 }, () => create(ann, 'parallel', { title: 'Once' }))
    )
    const created = responses.filter((response) => response.statusCode === 201)
    t.equal(
      created.filter((response) => response.headers['idempotent-replayed'] === undefined).length,
      1
    )
    t.equal(new Set(created.map((response) => response.json().id)).size, 1)
    for (const busy of responses.filter((response) => response.statusCode !== 201)) {
      t.match(busy.json(), { status: 409, code: 'idempotency_in_flight' })
      t.equal(busy.headers['retry-after'], '1')
    }
    t.equal(await total(ann), 1)
  }
)

t.test(
  'another payload with the same key is 422; other callers and operations have their own keys',
  async (t) => {
    const [ann, bob] = [await signUp(), await signUp()]
    await create(ann, 'same', { title: 'One' })
    t.match((await create(ann, 'same', { title: 'Two' })).json(), {
      status: 422,
      code: 'idempotency_key_reused'
    })
    t.equal((await create(bob, 'same', { title: 'Two' })).statusCode, 201)
    t.equal(
      (
        await create(
          ann,
          'same',
          { operations: [{ op: 'create', data: { title: 'Three' } }] },
          '/api/v1/task-batches'
        )
      ).statusCode,
      200
    )
    t.equal(await total(ann), 2)
  }
)

t.test('a rejected request leaves the key free', async (t) => {
  const ann = await signUp()
  const taken = await ann.create({ title: 'x', id: '019f2f6e-7c1a-7aaa-8aaa-0123456789ff' })
  t.equal((await create(ann, 'free', { title: 'y', id: taken.id })).statusCode, 409)
  t.equal((await create(ann, 'free', { title: '' })).statusCode, 400)
  t.equal((await create(ann, 'free', { title: 'y' })).statusCode, 201)
})

t.test('a whole batch is replayed', async (t) => {
  const ann = await signUp()
  const payload = {
    operations: [
      { op: 'create', data: { title: 'One' } },
      { op: 'create', data: { title: 'Two' } }
    ]
  }
  const first = await create(ann, 'batch', payload, '/api/v1/task-batches')
  const again = await create(ann, 'batch', payload, '/api/v1/task-batches')
  t.strictSame([again.body, again.headers['idempotent-replayed']], [first.body, 'true'])
  t.match(
    (await create(ann, 'batch', { ...payload, atomic: false }, '/api/v1/task-batches')).json(),
    { status: 422, code: 'idempotency_key_reused' }
  )
  t.equal(await total(ann), 2)
})

t.test(
  'of a batch whose response is large, ids and versions are stored and replayed',
  async (t) => {
    const ann = await signUp()
    const ids: string[] = []
    for (let i = 0; i < 20; i++) {
      ids.push((await ann.create({ title: 'Long', description: longText() })).id)
    }
    const payload = {
      operations: [
        ...ids
          .slice(1)
          .map((id, i) => ({ op: 'update', id, data: { title: i < 3 ? 'New' : 'Long' } })),
        { op: 'delete', id: ids[0] }
      ]
    }
    const first = await create(ann, 'large', payload, '/api/v1/task-batches')
    t.equal(first.statusCode, 200)
    t.equal(first.json().is_summary, false)
    const changes = await events.count()
    const again = await create(ann, 'large', payload, '/api/v1/task-batches')
    t.match(again, { statusCode: 200, headers: { 'idempotent-replayed': 'true' } })
    const withoutTasks = first.json().results.map(({ task, ...rest }: { task?: Task }) => rest)
    t.strictSame(again.json(), { results: withoutTasks, is_summary: true })
    t.strictSame(
      withoutTasks.map(({ id, version }: Task) => [id, version]),
      [...ids.slice(1), ids[0]].map((id, i) => [id, i < 3 || id === ids[0] ? 2 : 1])
    )
    t.equal(await events.count(), changes, 'nothing is done twice')
    const [kept] = await executeRows<{ bytes: number }>(
      db,
      sql`
      SELECT pg_column_size(k.*) AS bytes
      FROM idempotency_keys k
      WHERE caller_id = ${ann.user.id} AND key = 'large'`
    )
    t.ok(Number(kept?.bytes) <= 65_536, `${kept?.bytes} bytes are kept`)
  }
)

t.test('invalid keys are rejected with the header', async (t) => {
  const ann = await signUp()
  for (const key of ['', 'x'.repeat(65), 'é', 'a\tb']) {
    t.match(
      (await create(ann, key, { title: 'x' })).json(),
      { status: 400, errors: [{ in: 'header' }] },
      JSON.stringify(key)
    )
  }
  t.equal(await total(ann), 0)
})

t.test('a key expires after 24 hours', async (t) => {
  const ann = await signUp()
  await create(ann, 'old', { title: 'One' })
  await db.execute(
    sql`update idempotency_keys set created_at = now() - interval '25 hours' where caller_id = ${ann.user.id}`
  )
  const next = await create(ann, 'old', { title: 'Two' })
  t.strictSame([next.statusCode, next.headers['idempotent-replayed']], [201, undefined])
  t.equal((await create(ann, 'old', { title: 'Two' })).headers['idempotent-replayed'], 'true')
  await db.execute(
    sql`update idempotency_keys set created_at = now() - interval '25 hours' where caller_id = ${ann.user.id}`
  )
  t.strictSame(await purgeIdempotencyKeys(db), { done: 1, more: false })
})

const skip = serverUrl === undefined && 'the embedded database has one transaction at a time'

t.test('while an expired key is used anew, nobody gets its old response', { skip }, async (t) => {
  const ann = await signUp()
  await create(ann, 'again', { title: 'One' })
  await db.execute(
    sql`update idempotency_keys set created_at = now() - interval '25 hours' where caller_id = ${ann.user.id}`
  )
  const begun = Promise.withResolvers<void>()
  const end = Promise.withResolvers<void>()
  const claim = {
    caller_id: ann.user.id,
    operation: 'createTask',
    key: 'again',
    role: 'user'
  } as const
  const inFlight = runOnce(db, { ...claim, fingerprint: 'of another request' }, async () => {
    begun.resolve()
    await end.promise
    return { status: 201, headers: {}, body: {} }
  })
  await begun.promise
  for (const title of ['One', 'Two']) {
    const response = await create(ann, 'again', { title })
    t.match(response.json(), { status: 409, code: 'idempotency_in_flight' }, title)
  }
  end.resolve()
  await inFlight
  t.equal((await create(ann, 'again', { title: 'One' })).statusCode, 422, 'it is new now')
})

t.test('a caller who lost a role does not get the response that the role was given', async (t) => {
  const boss = await signUp('manager')
  await create(boss, 'role', { title: 'One' })
  await db.execute(
    sql`update idempotency_keys set role = 'admin' where caller_id = ${boss.user.id}`
  )
  t.equal((await create(boss, 'role', { title: 'One' })).statusCode, 403)
})

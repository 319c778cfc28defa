import { sql } from 'drizzle-orm'
import t from 'tap'
import { horizonAgeGauge } from '../../../src/features/changes/horizon-age.ts'
import { CHANGES, changesSince, presentOf, typesOf } from '../../support/changes.ts'
import { serverUrl } from '../../support/database.ts'
import { createTestApp } from '../../support/test-app.ts'
import { waitUntil } from '../../support/wait-until.ts'

const skip = serverUrl === undefined && 'the embedded database has one transaction at a time'

t.test('what commits late is neither missed nor out of order', { skip }, async (t) => {
  const app = await createTestApp(t)
  const ann = await app.signUp('user', 'ann')
  const start = await presentOf(ann)
  const age = horizonAgeGauge(app.db)
  t.equal(Math.round(await age()), 0)
  const open = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  const early = app.db.transaction(async (tx) => {
    await tx.execute(sql`
      INSERT INTO task_events (owner_id, task_id, version, id, type, changes, list_id)
      VALUES (
        ${ann.user.id}, gen_random_uuid(), 1, '01900000-0000-7000-8000-000000000000', 'task.created', '{}',
        ${ann.user.id}
      )`)
    begun.resolve()
    await open.promise
  })
  await begun.promise
  const { id } = await ann.create({ title: 'begun later, committed first' })
  const read = async (cursor: string) => (await ann.get(`${CHANGES}?cursor=${cursor}`)).json()
  const before = await read(start)
  t.strictSame(before.data, [], 'nothing is shown as long as something may come before it')
  const first = await age()
  await waitUntil('the gauge says for how long', async () => (await age()) > first)
  open.resolve()
  await early
  const { data } = await changesSince(ann, before.pagination.next_cursor)
  t.strictSame(typesOf(data), ['task.created', 'task.created'])
  t.equal(data[0]?.id, '01900000-0000-7000-8000-000000000000')
  t.equal(data[1]?.resource.id, id)
  t.strictSame((await changesSince(ann, start)).data, data)
  t.ok(
    (data[0]?.id as string) < (data[1]?.id as string),
    'who goes on behind the greatest id has read the second, and never reads the first'
  )
})

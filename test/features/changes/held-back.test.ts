import { sql } from 'drizzle-orm'
import t, { type Test } from 'tap'
import { createMetrics } from '../../../src/core/metrics.ts'
import { openDatabase } from '../../../src/db/client.ts'
import { executeRows } from '../../../src/db/rows.ts'
import { horizonAgeGauge } from '../../../src/features/changes/horizon-age.ts'
import { openStream } from '../../support/change-stream.ts'
import { CHANGES, changesSince, presentOf, typesOf } from '../../support/changes.ts'
import { createTestDatabase, serverUrl } from '../../support/database.ts'
import { holdingAnswers } from '../../support/held-statements.ts'
import { createTestApp, type Person } from '../../support/test-app.ts'
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

/** Keeps the horizon where it is, until the returned function is called. */
async function stopHorizon(t: Test, { database }: Awaited<ReturnType<typeof createTestApp>>) {
  const { db, close } = await openDatabase({
    url: database.url,
    dataDir: '',
    pool: 2,
    withoutTimeouts: true
  })
  t.teardown(close)
  const open = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<string>()
  const transaction = db.transaction(async (tx) => {
    const [row] = await executeRows<{ id: string }>(
      tx,
      sql`SELECT pg_current_xact_id()::text AS id`
    )
    begun.resolve(String(row?.id))
    await open.promise
  })
  const id = await begun.promise
  await waitUntil('the end of transactions before', async () => {
    const snapshot = sql`SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS oldest`
    const [row] = await executeRows<{ oldest: string }>(db, snapshot)
    return row?.oldest === id
  })
  return () => {
    open.resolve()
    return transaction
  }
}

/** An application with streams whose database may answer late. */
async function streaming(t: Test) {
  const database = await createTestDatabase()
  const { db, hold } = holdingAnswers(database.db)
  const metrics = createMetrics()
  const app = await createTestApp(t, { database, deps: { db, metrics } })
  const origin = await app.app.listen({ port: 0, host: '127.0.0.1' })
  return {
    ...app,
    hold,
    stream: (who: Person) =>
      openStream(t, `${origin}${CHANGES}/stream`, { authorization: `Bearer ${who.access_token}` }),
    untilOpen: (count: number) =>
      waitUntil(`${count} open streams`, async () =>
        (await metrics.registry.metrics()).includes(`\ntasklane_change_streams ${count}\n`)
      )
  }
}

t.test('a stream that was busy gets its change, whoever leaves meanwhile', { skip }, async (t) => {
  const app = await streaming(t)
  const [ann, ben] = [await app.signUp('user', 'ann'), await app.signUp('user', 'ben')]
  const leaving = await app.stream(ben)
  await leaving.begun()
  const firstRead = app.hold('WITH clock', ann.user.id)
  const staying = await app.stream(ann)
  await firstRead.answered
  await ann.create({ title: 'while the stream still reads what was before' })
  const letGo = await stopHorizon(t, app)
  const look = app.hold('jsonb_to_recordset', ben.user.id)
  await look.answered
  leaving.close()
  await app.untilOpen(1)
  const nextLook = app.hold('AS horizon')
  look.release()
  await nextLook.answered
  nextLook.release()
  firstRead.release()
  await staying.has(1)
  t.match(staying.events, [{ event: 'task.created' }])
  await letGo()
})

import { eq, sql } from 'drizzle-orm'
import t from 'tap'
import { v7 as uuidv7 } from 'uuid'
import { executeRows } from '../../../src/db/rows.ts'
import { accountStorage } from '../../../src/db/tables/account-storage.ts'
import { withTransaction } from '../../../src/db/transaction.ts'
import { MEASURE_CHUNK } from '../../../src/features/tasks/storage.queries.ts'
import { advanceDeletionTime, runScheduled } from '../../support/scheduled.ts'
import { measure, storageOf } from '../../support/storage.ts'
import { createTestApp, PASSWORD, type Person } from '../../support/test-app.ts'

const app = await createTestApp(t, { env: { MAX_STORAGE_MB_PER_USER: '100' } })
const { signUp, db } = app
t.beforeEach(async () => {
  while ((await measure(app)) > 0) {
    // What the tests before have written is not due any more.
  }
})

/** Gives an account many tasks and events, of which the API would make fewer at a time. */
async function give(who: Person, tasks: number, events: number): Promise<void> {
  const { id } = who.user
  await db.execute(sql`
    INSERT INTO tasks (owner_id, id, title, status, priority, tags)
    SELECT ${id}, gen_random_uuid(), 'Task ' || n, 'todo', 'low', '{a,b}'
    FROM generate_series(1, ${tasks}::int) n`)
  await db.execute(sql`
    INSERT INTO task_events (owner_id, task_id, version, id, type, changes, position)
    SELECT ${id}, t.id, n, gen_random_uuid(), 'task.updated', jsonb_build_object('n', n), 0
    FROM (SELECT id FROM tasks WHERE owner_id = ${id} LIMIT 3) t,
      generate_series(2, 1 + ${events}::int / 3) n`)
}

/** Measures an account in one statement. */
async function wholeSize({ user }: Person): Promise<number> {
  const [row] = await executeRows<{ bytes: string }>(
    db,
    sql`
      SELECT (
        (
          SELECT sum(
            200 + pg_column_size(title) + coalesce(pg_column_size(description), 0)
              + pg_column_size(tags) + pg_column_size(search)
          )
          FROM tasks
          WHERE owner_id = ${user.id}
        ) + (
          SELECT sum(
            110 + pg_column_size(type) + coalesce(pg_column_size(request_id), 0) + pg_column_size(changes)
          )
          FROM task_events
          WHERE owner_id = ${user.id}
        ) + (
          SELECT coalesce(sum(110 + pg_column_size(body) + pg_column_size(mentions)), 0)
          FROM task_comments
          WHERE owner_id = ${user.id}
        ) + (
          SELECT coalesce(sum(
            170 + pg_column_size(type) + pg_column_size(resource_type)
              + coalesce(pg_column_size(request_id), 0) + pg_column_size(changed_fields)
          ), 0)
          FROM list_changes
          WHERE owner_id = ${user.id} AND request_id = 'by themselves'
        )
      )::text AS bytes`
  )
  return Number(row?.bytes)
}

const comment = (who: Person, task: { id: string }, body: string) =>
  db.execute(sql`
    INSERT INTO task_comments (owner_id, task_id, id, author_id, body, mentions)
    VALUES (${who.user.id}, ${task.id}, gen_random_uuid(), ${who.user.id}, ${body}, '{}')`)

t.test('many rows are measured chunk by chunk, each of them once', async (t) => {
  const ann = await signUp()
  const task = await ann.create({ title: 'With comments' })
  await give(ann, 3 * MEASURE_CHUNK, 2 * MEASURE_CHUNK + 100)
  for (const body of ['a', 'b'.repeat(9000)]) {
    await comment(ann, task, body)
  }
  t.equal(await measure(app), 1)
  t.equal((await storageOf(db, ann))?.bytes, await wholeSize(ann))
  t.match(await storageOf(db, ann), { due_at: null, is_written: false, progress: null })
})

t.test(
  'what the feeds of an account say counts, unless others have written it there',
  async (t) => {
    const [ann, bob] = [await signUp(), await signUp()]
    await ann.create({ title: 'One' })
    const say = (list: string, by: Person, request: string) =>
      db.execute(sql`
      INSERT INTO list_changes
        (owner_id, list_id, id, type, resource_type, resource_id, changed_fields, actor_id, request_id)
      SELECT ${ann.user.id}, ${list}, gen_random_uuid(), 'comment.updated', 'comment', gen_random_uuid(), '{body}',
        ${by.user.id}, ${request}
      FROM generate_series(1, ${MEASURE_CHUNK + 100}::int)`)
    await say(ann.user.id, ann, 'by themselves')
    await say(uuidv7(), bob, 'by themselves')
    await say(ann.user.id, bob, 'by others')
    t.equal(await measure(app), 1)
    t.ok((await wholeSize(ann)) > 2 * MEASURE_CHUNK * 170)
    t.equal((await storageOf(db, ann))?.bytes, await wholeSize(ann))
  }
)

t.test('another process goes on with a measurement where one left off', async (t) => {
  const ann = await signUp()
  await ann.create({ title: 'First' })
  await give(ann, MEASURE_CHUNK + 500, 300)
  const [last] = await executeRows<{ id: string }>(
    db,
    sql`SELECT id FROM tasks WHERE owner_id = ${ann.user.id} ORDER BY id OFFSET 999 LIMIT 1`
  )
  const progress = { table: 0, after: [String(last?.id)], bytes: 5_000_000, ms: 10 }
  await db
    .insert(accountStorage)
    .values({ owner_id: ann.user.id, due_at: sql`now()` as never, progress })
  t.equal(await measure(app), 1)
  const bytes = Number((await storageOf(db, ann))?.bytes)
  const whole = await wholeSize(ann)
  t.ok(bytes > 5_000_000 + whole / 2 && bytes < 5_000_000 + whole, `${bytes}`)
})

t.test('nobody waits for a measurement, and it waits for nobody', async (t) => {
  const ann = await signUp()
  const task = await ann.create({ title: 'Locked' })
  await give(ann, 2 * MEASURE_CHUNK, 300)
  if (app.database.url === undefined) {
    const [measured, ...responses] = await Promise.all([
      measure(app),
      ...Array.from({ length: 10 }, (_, i) => ann.patch(task, { title: `${i}` }))
    ])
    t.equal(measured, 1)
    t.ok(responses.every(({ statusCode }) => statusCode === 200))
    return
  }
  await withTransaction(db, async (tx) => {
    await tx.execute(sql`SELECT 1 FROM tasks WHERE owner_id = ${ann.user.id} FOR UPDATE`)
    await tx.execute(sql`SELECT FROM owners WHERE owner_id = ${ann.user.id} FOR NO KEY UPDATE`)
    t.equal(await measure(app), 1)
  })
})

t.test(
  'each account is measured once, however many processes do so at the same time',
  async (t) => {
    for (let i = 0; i < 12; i++) {
      await (await signUp()).create({ title: 'One' })
    }
    const done = await Promise.all([1, 2, 3, 4].map(() => runScheduled(app, 'storage.measure')))
    t.equal(
      done.reduce((sum, n) => sum + n),
      12
    )
  }
)

t.test('an account rests between two measurements, the longer the longer they take', async (t) => {
  const ann = await signUp()
  await ann.create({ title: 'One' })
  t.equal(await runScheduled(app, 'storage.measure'), 1)
  const first = await storageOf(db, ann)
  await ann.create({ title: 'Two' })
  t.equal(await runScheduled(app, 'storage.measure'), 0)
  t.equal((await storageOf(db, ann))?.bytes, first?.bytes)
  const rests = async () => {
    const [row] = await executeRows<{ seconds: number }>(
      db,
      sql`
        SELECT extract(epoch FROM due_at - measured_at)::int AS seconds
        FROM account_storage
        WHERE owner_id = ${ann.user.id}`
    )
    return row?.seconds
  }
  t.equal(await rests(), 60)
  t.equal(await measure(app), 1)
  t.ok(Number((await storageOf(db, ann))?.bytes) > Number(first?.bytes))
  await db
    .update(accountStorage)
    .set({ took_ms: 60_000 })
    .where(eq(accountStorage.owner_id, ann.user.id))
  await ann.create({ title: 'Three' })
  t.equal(await runScheduled(app, 'storage.measure'), 0)
  t.equal(await rests(), 1200, 'a twentieth of the time')
})

t.test('an account that is written to while it is measured is measured again', async (t) => {
  const ann = await signUp()
  await ann.create({ title: 'One' })
  await db.insert(accountStorage).values({
    owner_id: ann.user.id,
    is_written: true,
    due_at: sql`now()` as never,
    progress: { table: 2, bytes: 1, ms: 1 }
  })
  t.equal(await runScheduled(app, 'storage.measure'), 1)
  const stored = await storageOf(db, ann)
  t.equal(stored?.bytes, 1)
  t.not(stored?.due_at, null)
  t.equal(await measure(app), 1)
  t.equal((await storageOf(db, ann))?.bytes, await wholeSize(ann))
})

t.test('nothing is left of the size of a deleted account', async (t) => {
  const ann = await signUp()
  await ann.create({ title: 'One' })
  await measure(app)
  await ann.create({ title: 'Two' })
  await ann.send({ method: 'DELETE', url: '/api/v1/me', payload: { password: PASSWORD } })
  await advanceDeletionTime(db)
  await runScheduled(app, 'accounts.purge')
  await measure(app)
  t.equal(await storageOf(db, ann), undefined)
})

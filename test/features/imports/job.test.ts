import { randomUUID } from 'node:crypto'
import { eq, sql } from 'drizzle-orm'
import { pino } from 'pino'
import t from 'tap'
import { taskImportBlocks, taskImports } from '../../../src/db/tables/task-imports.ts'
import { users } from '../../../src/db/tables/users.ts'
import { importJob } from '../../../src/features/imports/job.ts'
import { leaseImport } from '../../../src/features/imports/lease.queries.ts'
import { processBlock } from '../../../src/features/imports/process-block.ts'
import { purgeImports } from '../../../src/features/imports/purge.queries.ts'
import { storageQuotaOf } from '../../../src/features/tasks/storage-quota.ts'
import {
  accepted,
  ended,
  errorsOf,
  everyPage,
  IMPORTS,
  imported,
  read,
  rows,
  sample,
  tasksOf,
  worker
} from '../../support/imports.ts'
import { runScheduled } from '../../support/scheduled.ts'
import { createTestApp, PASSWORD } from '../../support/test-app.ts'

const { signUp, events, db, config } = await createTestApp(t)
const log = pino({ level: 'silent' })
/** Runs a worker that is asked to stop at once: it imports a single block. */
const runOneBlock = () => importJob({ db, config, log }).runOnce(() => true)
const blocks = () => db.$count(taskImportBlocks)

t.test(
  'an import is queued, then running with what is committed, then finished, with nothing staged',
  async (t) => {
    const ann = await signUp()
    const created = await accepted(ann, rows(1200))
    t.match(await read(ann, created), {
      status: 'queued',
      rows_total: 1200,
      rows_processed: 0,
      started_at: null
    })
    await runOneBlock()
    t.match(await read(ann, created), {
      status: 'running',
      rows_processed: 500,
      rows_imported: 500,
      finished_at: null
    })
    t.equal((await ann.get('/api/v1/task-stats')).json().total, 500)
    await runOneBlock()
    await runOneBlock()
    t.match(await read(ann, created), {
      status: 'succeeded',
      rows_processed: 1200,
      rows_imported: 1200,
      rows_rejected: 0
    })
    t.equal(await runOneBlock(), false)
    t.strictSame(
      (await tasksOf(ann)).map(({ title }) => title),
      Array.from({ length: 1200 }, (_, i) => `Task ${i + 1}`)
    )
    t.equal(await blocks(), 0)
  }
)

t.test(
  'an import that is cancelled while queued creates nothing, a running one keeps its tasks',
  async (t) => {
    const ann = await signUp()
    const [waiting, begun] = [await accepted(ann, rows(5)), await accepted(ann, rows(1700))]
    t.match((await ann.post(`${IMPORTS}/${waiting.id}/cancel`)).json(), {
      status: 'cancelled',
      rows_imported: 0,
      started_at: null
    })
    await runOneBlock()
    const cancelled = await ann.post(`${IMPORTS}/${begun.id}/cancel`)
    t.match(cancelled.json(), { status: 'cancelled', rows_processed: 500, rows_imported: 500 })
    t.equal(await runOneBlock(), false, 'no worker continues')
    t.strictSame(await read(ann, begun), cancelled.json())
    t.equal((await tasksOf(ann)).length, 500)
    for (const { id } of [waiting, begun]) {
      t.match((await ann.post(`${IMPORTS}/${id}/cancel`)).json(), {
        status: 409,
        code: 'import_ended'
      })
    }
    t.equal(await blocks(), 4)
    while ((await purgeImports(db)).more) {}
    t.equal(await blocks(), 0)
    t.match(await read(ann, begun), { status: 'cancelled' })
  }
)

t.test('cancelling a running import stops it within a block', async (t) => {
  const ann = await signUp()
  const created = await accepted(ann, rows(2500))
  const [, response] = await Promise.all([
    runOneBlock(),
    ann.post(`${IMPORTS}/${created.id}/cancel`)
  ])
  t.equal(response.json().status, 'cancelled')
  while (await runOneBlock()) {}
  const final = await read(ann, created)
  t.strictSame(final, response.json())
  t.equal((await tasksOf(ann)).length, final.rows_imported)
  while ((await purgeImports(db)).more) {}
})

t.test('two workers on one import create each task once', async (t) => {
  const ann = await signUp()
  const before = await events.count()
  const created = await accepted(ann, rows(3000))
  const worker_id = randomUUID()
  const worker = { db, id: worker_id, quota: 0, storage: storageQuotaOf(db, config), config }
  const leased = await leaseImport(db, worker_id, false)
  t.equal(leased?.id, created.id)
  const work = async () => {
    while (leased && (await processBlock(worker, leased))) {}
  }
  await Promise.all([work(), work()])
  t.match(await read(ann, created), { status: 'succeeded', rows_imported: 3000 })
  // By their ids, which follow the rows: a task is created when its transaction begins, and one of these waits for the
  // other.
  const byId = (await tasksOf(ann)).sort((a, b) => (a.id < b.id ? -1 : 1))
  t.strictSame(
    byId.map(({ title }) => title),
    Array.from({ length: 3000 }, (_, i) => `Task ${i + 1}`)
  )
  t.equal(await events.count(), before + 3000)
})

t.test(
  'each owner has one running import at a time; the owner who waited longest is next',
  async (t) => {
    const [ann, bob, cid] = [await signUp(), await signUp(), await signUp()]
    const [a1, a2, b1, c1] = [
      await accepted(ann, rows(1)),
      await accepted(ann, rows(1)),
      await accepted(bob, rows(1)),
      await accepted(cid, rows(1))
    ]
    const leases = (
      await Promise.all(Array.from({ length: 6 }, () => leaseImport(db, randomUUID(), false)))
    ).map((leased) => leased?.id)
    const more = []
    for (let i = 0; i < 3; i++) {
      more.push((await leaseImport(db, randomUUID(), false))?.id)
    }
    t.strictSame(new Set([...leases, ...more].filter(Boolean)), new Set([a1.id, b1.id, c1.id]))
    await db
      .update(taskImports)
      .set({ status: 'succeeded', finished_at: sql`now()`, leased_until: null })
      .where(eq(taskImports.id, a1.id))
    const d1 = await accepted(await signUp(), rows(1))
    t.equal(
      (await leaseImport(db, randomUUID(), false))?.id,
      d1.id,
      'an owner who has not had a run comes first'
    )
    t.equal((await leaseImport(db, randomUUID(), false))?.id, a2.id)
    await db
      .update(taskImports)
      .set({ status: 'succeeded', finished_at: sql`now()` })
      .where(sql`finished_at is null`)
  }
)

t.test('an expired lease is taken over, a valid one is not', async (t) => {
  const ann = await signUp()
  const created = await accepted(ann, rows(1))
  t.equal((await leaseImport(db, randomUUID(), false))?.id, created.id)
  t.equal(await leaseImport(db, randomUUID(), false), undefined)
  await db
    .update(taskImports)
    .set({ leased_until: sql`now() - interval '1 second'` })
    .where(eq(taskImports.id, created.id))
  t.match(await leaseImport(db, randomUUID(), false), { id: created.id, failed_attempts: 1 })
  t.match(
    await leaseImport(db, randomUUID(), true),
    { id: created.id, failed_attempts: 2 },
    'where only one process can run, the lease of another one is void'
  )
  await db
    .update(taskImports)
    .set({ leased_until: null, worker_id: null })
    .where(eq(taskImports.id, created.id))
  while (await runOneBlock()) {}
  t.match(await read(ann, created), { status: 'succeeded', rows_imported: 1 })
})

t.test('an import whose worker dies repeatedly fails with a problem', async (t) => {
  const ann = await signUp()
  const created = await accepted(ann, rows(3))
  for (let i = 0; i < 11; i++) {
    await leaseImport(db, randomUUID(), true)
  }
  const job = importJob({ db, config: { ...config, DATABASE_URL: undefined }, log })
  while (await job.runOnce(() => false)) {}
  t.match(await read(ann, created), {
    status: 'failed',
    rows_imported: 0,
    problem: { status: 500, code: 'internal_error', instance: `${IMPORTS}/${created.id}` }
  })
})

t.test(
  'an import waits for as long as the database cannot take its tasks, and then goes on',
  async (t) => {
    const ann = await signUp()
    const created = await accepted(ann, rows(3))
    t.teardown(() => db.execute(sql`DROP FUNCTION IF EXISTS refuse_tasks() CASCADE`))
    const isOfImport = eq(taskImports.id, created.id)
    // As somebody else's lock on the table answers when a statement has waited for too long.
    await db.execute(sql`
      CREATE FUNCTION refuse_tasks() RETURNS trigger LANGUAGE plpgsql
      AS $$ BEGIN RAISE EXCEPTION 'lock timeout' USING ERRCODE = 'lock_not_available'; END $$`)
    await db.execute(sql`
      CREATE TRIGGER refuse_tasks BEFORE INSERT ON tasks EXECUTE FUNCTION refuse_tasks()`)
    for (let i = 0; i < 12; i++) {
      await t.rejects(runOneBlock(), 'the log tells of it')
      t.strictSame(
        await db
          .select({
            worker_id: taskImports.worker_id,
            failed_attempts: taskImports.failed_attempts
          })
          .from(taskImports)
          .where(isOfImport),
        [{ worker_id: null, failed_attempts: 0 }],
        'any worker can go on, and no failure is counted'
      )
      t.equal(await runOneBlock(), false, 'after a pause')
      await db
        .update(taskImports)
        .set({ leased_until: sql`now() - interval '1 s'` })
        .where(isOfImport)
    }
    t.match(await read(ann, created), { status: 'running', rows_imported: 0 })
    await db.execute(sql`DROP FUNCTION refuse_tasks() CASCADE`)
    await runOneBlock()
    t.match(await read(ann, created), { status: 'succeeded', rows_imported: 3 })
  }
)

t.test(
  'the import of a disabled account fails with a problem; that of a deleted account is deleted',
  async (t) => {
    const [ann, bob] = [await signUp(), await signUp()]
    const created = await accepted(ann, rows(1200))
    await runOneBlock()
    await db.update(users).set({ disabled: true }).where(eq(users.id, ann.user.id))
    await runOneBlock()
    await db.update(users).set({ disabled: false }).where(eq(users.id, ann.user.id))
    t.match(await read(ann, created), {
      status: 'failed',
      rows_processed: 500,
      rows_imported: 500,
      problem: { status: 403, code: 'account_disabled' }
    })
    const other = await accepted(bob, rows(1200))
    await runOneBlock()
    t.equal(
      (await bob.send({ method: 'DELETE', url: '/api/v1/me', payload: { password: PASSWORD } }))
        .statusCode,
      204
    )
    await runScheduled({ db, config }, 'accounts.purge')
    t.equal(await runOneBlock(), false)
    t.equal(await db.$count(taskImports, eq(taskImports.id, other.id)), 0)
    while ((await purgeImports(db)).more) {}
    t.equal(await blocks(), 0)
  }
)

t.test('paging imports and errors neither skips nor repeats one', async (t) => {
  const ann = await signUp()
  const working = worker(t, { db, config })
  const ids = []
  for (let i = 0; i < 5; i++) {
    ids.unshift(
      (
        await imported(
          ann,
          i === 0 ? `title,status,priority\n${'x,no,no\n'.repeat(30)}` : sample('f2')
        )
      ).id
    )
  }
  await db
    .update(taskImports)
    .set({ created_at: sql`now()` })
    .where(eq(taskImports.owner_id, ann.user.id))
  const walk = (url: string) => everyPage(ann, url, 2)
  t.strictSame(
    (await walk(IMPORTS)).map(({ id }) => id),
    ids.sort().reverse()
  )
  const first = ids.at(-1) as string
  t.strictSame(
    (await walk(`${IMPORTS}/${first}/errors`)).map(({ row, column }) => `${row} ${column}`),
    Array.from({ length: 30 }, (_, i) => [`${i + 1} priority`, `${i + 1} status`]).flat()
  )
  t.equal((await ann.get(`${IMPORTS}?cursor=AAAA`)).statusCode, 400)
  for (const id of [randomUUID(), 'x']) {
    for (const url of [`${IMPORTS}/${id}`, `${IMPORTS}/${id}/errors`]) {
      t.equal((await ann.get(url)).statusCode, 404)
    }
  }
  t.equal((await ann.post(`${IMPORTS}/${randomUUID()}/cancel`)).statusCode, 404)
  await working.stop()
})

t.test(
  'finished imports are purged after thirty days, files that never arrived after two hours',
  async (t) => {
    const ann = await signUp()
    worker(t, { db, config })
    const created = await imported(ann, sample('odd'))
    const young = await imported(ann, sample('odd'))
    await db.execute(
      sql`update task_imports set finished_at = now() - interval '31 days' where id = ${created.id}`
    )
    await db.insert(taskImports).values({
      owner_id: ann.user.id,
      id: randomUUID(),
      status: 'uploading',
      file_name: 'x',
      dry_run: false,
      request_id: 'x',
      created_at: '2026-01-01T00:00:00.000Z'
    })
    t.equal(
      (await ann.get(IMPORTS)).json().data.length,
      2,
      'an import that is uploading is not shown'
    )
    while ((await purgeImports(db)).more) {}
    t.equal((await ann.get(`${IMPORTS}/${created.id}`)).statusCode, 404)
    t.equal((await errorsOf(ann, young)).length, 4)
    t.equal(await db.$count(taskImports, eq(taskImports.owner_id, ann.user.id)), 1)
  }
)

t.test(
  'a worker finds imports by itself, also those that were queued before it started',
  async (t) => {
    const [ann, bob] = [await signUp(), await signUp()]
    const [a, b] = [await accepted(ann, rows(700)), await accepted(bob, rows(700))]
    worker(t, { db, config })
    worker(t, { db, config })
    for (const [who, created] of [
      [ann, a],
      [bob, b]
    ] as const) {
      t.match(await ended(who, created), { status: 'succeeded', rows_imported: 700 })
    }
  }
)

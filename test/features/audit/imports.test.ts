import { randomUUID } from 'node:crypto'
import { eq, sql } from 'drizzle-orm'
import { pino } from 'pino'
import t from 'tap'
import { users } from '../../../src/db/tables/users.ts'
import type { AuditEvent } from '../../../src/features/audit/schema.ts'
import { importJob } from '../../../src/features/imports/job.ts'
import { leaseImport } from '../../../src/features/imports/lease.queries.ts'
import { purgeTasks } from '../../../src/features/tasks/trash.ts'
import { summarize } from '../../support/audit-log.ts'
import { accepted, IMPORTS, rows, tasksOf, upload } from '../../support/imports.ts'
import { createTestApp } from '../../support/test-app.ts'

const { signUp, db, config, events } = await createTestApp(t)
const manager = await signUp('manager', 'manager')
const read = async (query: string): Promise<AuditEvent[]> =>
  (await manager.get(`/api/v1/admin/audit-log?${query}`)).json().data
const runOneBlock = () =>
  importJob({ db, config, log: pino({ level: 'silent' }) }).runOnce(() => true)
const runAll = async () => {
  while (await runOneBlock()) {}
}
const inShort = (entries: AuditEvent[]) =>
  entries.map((entry) => [summarize(entry), entry.detail, entry.address])

t.test('an import is two events of the audit log, however many tasks it creates', async (t) => {
  const ann = await signUp()
  const created = await accepted(ann, `${rows(1200)}x,y,nonsense,\n`)
  await runAll()
  t.equal((await tasksOf(ann)).length, 1200)
  const log = await read(`actor_id=${ann.user.id}&limit=100`)
  t.strictSame(inShort(log), [
    ['task_import.finished', '1200 created, 0 updated, 0 skipped, 1 rejected', null],
    ['task_import.created', '1201 rows', '127.0.0.1'],
    ['user.registered', 'user', '127.0.0.1']
  ])
  for (const entry of log.slice(0, 2)) {
    t.match(entry, { subject_type: 'task_import', subject_id: created.id, actor_id: ann.user.id })
    t.equal(entry.request_id, log[1]?.request_id)
  }
  t.strictSame(await read(`actor_id=${ann.user.id}&action=task.created`), [])
  t.equal((await read(`subject_id=${created.id}`)).length, 2)
  const [task] = await tasksOf(ann)
  t.strictSame(await events.of(task as { id: string }), ['task.created'])
  t.strictSame(
    (await read(`subject_id=${task?.id}`)).map(({ action }) => action),
    ['task.created'],
    'who asks for a task sees all of its events'
  )
})

t.test('what is done by hand to imported tasks is in the log as before', async (t) => {
  const ann = await signUp()
  await accepted(ann, 'title\nPaint\n')
  await runAll()
  const [task] = await tasksOf(ann)
  await ann.patch(task as { id: string }, { status: 'done' })
  await ann.create({ title: 'By hand' })
  t.strictSame(
    (await read(`actor_id=${ann.user.id}&limit=3`)).map(({ action }) => action),
    ['task.created', 'task.updated', 'task_import.finished']
  )
})

t.test('a dry run says so, and an import that updates tasks is one event as well', async (t) => {
  const ann = await signUp()
  const task = await ann.create({ title: 'Paint' })
  const csv = `id,title\n${task.id},Repaint\n`
  for (const query of ['dry_run=true&on_conflict=update', 'on_conflict=update']) {
    await accepted(ann, csv, { query: `?${query}` })
    await runAll()
  }
  t.strictSame(
    (await read(`actor_id=${ann.user.id}&limit=5`)).map(({ action, detail }) => [action, detail]),
    [
      ['task_import.finished', '0 created, 1 updated, 0 skipped, 0 rejected'],
      ['task_import.created', '1 row'],
      ['task_import.finished', '0 created, 1 updated, 0 skipped, 0 rejected; dry run'],
      ['task_import.created', '1 row; dry run'],
      ['task.created', null]
    ]
  )
  t.strictSame(await events.of(task), ['task.created', 'task.updated'])
})

t.test('of many who cancel an import one is in the log', async (t) => {
  const ann = await signUp()
  const { id } = await accepted(ann, rows(3))
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => ann.post(`${IMPORTS}/${id}/cancel`))
  )
  t.equal(answers.filter(({ statusCode }) => statusCode === 200).length, 1)
  t.strictSame(inShort(await read(`subject_id=${id}`)), [
    ['task_import.cancelled', null, '127.0.0.1'],
    ['task_import.created', '3 rows', '127.0.0.1']
  ])
})

t.test('an import that fails is in the log with its reason', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const disabled = await accepted(ann, rows(3))
  await db.update(users).set({ disabled: true }).where(eq(users.id, ann.user.id))
  await runAll()
  const hopeless = await accepted(bob, rows(3))
  for (let i = 0; i < 11; i++) {
    await leaseImport(db, randomUUID(), true)
  }
  const log = pino({ level: 'silent' })
  const alone = importJob({ db, config: { ...config, DATABASE_URL: undefined }, log })
  while (await alone.runOnce(() => false)) {}
  for (const [{ id }, code] of [
    [disabled, 'account_disabled'],
    [hopeless, 'internal_error']
  ] as const) {
    t.strictSame(inShort(await read(`subject_id=${id}`)).slice(0, -1), [
      ['task_import.finished failed', code, null]
    ])
  }
})

t.test(
  'a file that is refused, and one that is sent twice with a key, make no event more',
  async (t) => {
    const ann = await signUp()
    t.equal((await upload(ann, 'no title here\n1\n')).statusCode, 400)
    for (let i = 0; i < 2; i++) {
      t.equal((await upload(ann, rows(2), { key: 'once' })).statusCode, 202)
    }
    t.equal((await read(`actor_id=${ann.user.id}&action=task_import.created`)).length, 1)
  }
)

t.test('a purged task is in the log under its id, its action and nobody’s name', async (t) => {
  const ann = await signUp()
  const task = await ann.create({ title: 'Old' })
  await ann.remove(task)
  await db.execute(
    sql`UPDATE tasks SET deleted_at = now() - interval '31 days' WHERE id = ${task.id}`
  )
  await purgeTasks(db, 30)
  for (const query of [`subject_id=${task.id}`, 'action=task.purged']) {
    t.match(await read(query), [
      {
        action: 'task.purged',
        actor_id: null,
        subject_type: 'task',
        subject_id: task.id,
        request_id: 'system:purge'
      }
    ])
  }
})

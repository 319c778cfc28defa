import { sql } from 'drizzle-orm'
import t from 'tap'
import { scheduledTasks } from '../../../src/background.ts'
import { auditEvents } from '../../../src/db/tables/audit-events.ts'
import { runScheduled } from '../../support/scheduled.ts'
import { createTestApp } from '../../support/test-app.ts'

/** Events of so many days ago, as if they had been written then. */
const old = (days: number, events = 1) => sql`
  INSERT INTO audit_events (id, action, outcome, request_id, created_at)
  SELECT gen_random_uuid(), 'user.logged_in', 'succeeded', ${`${days}`}, now() - make_interval(days => ${days}::int)
  FROM generate_series(1, ${events}::int)`

t.test('events of the audit log are deleted when they are a year old', async (t) => {
  const h = await createTestApp(t)
  const manager = await h.signUp('manager')
  await h.db.execute(old(364))
  await h.db.execute(old(366, 2500))
  t.equal(await runScheduled(h, 'audit.purge'), 2500)
  const { data } = (await manager.get('/api/v1/admin/audit-log?limit=100')).json()
  t.strictSame(
    data.map(({ request_id }: { request_id: string }) => request_id).slice(-1),
    ['364'],
    'the younger ones remain'
  )
  t.equal(data.length, 2)
})

t.test('AUDIT_RETENTION_DAYS says after how many days, and 0 never', async (t) => {
  const h = await createTestApp(t, { env: { AUDIT_RETENTION_DAYS: '30' } })
  await h.db.execute(old(29))
  await h.db.execute(old(31))
  t.equal(await runScheduled(h, 'audit.purge'), 1)
  const forEver = await createTestApp(t, { env: { AUDIT_RETENTION_DAYS: '0' } })
  const names = scheduledTasks({ ...forEver, log: forEver.app.log as never }).map((it) => it.name)
  t.notOk(names.includes('audit.purge'))
})

t.test('whoever serves can delete no event of the last week, nor change one', async (t) => {
  const { db, signUp } = await createTestApp(t)
  await signUp()
  await db.execute(old(6))
  const before = await db.select().from(auditEvents)
  for (const days of ['6', '0', '-400', 'NULL']) {
    const refused = db.execute(sql.raw(`select audit_events_purge(${days}, 1000)`))
    await t.rejects(refused, { cause: { code: '42501' } }, days)
  }
  await db.execute(sql`select audit_events_purge(7, 1000)`)
  await t.rejects(db.execute(sql`delete from audit_events`), { cause: { code: '42501' } })
  t.strictSame(await db.select().from(auditEvents), before)
})

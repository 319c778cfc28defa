import { eq, sql } from 'drizzle-orm'
import t from 'tap'
import { auditEvents } from '../../../src/db/tables/audit-events.ts'
import { users } from '../../../src/db/tables/users.ts'
import { createTestApp } from '../../support/test-app.ts'

// The errors in the log are part of this test.
const { db, signUp, request } = await createTestApp(t, { onLog() {} })
const ann = await signUp('user', 'ann')
const codeOf = (error: { code?: string; cause?: { code?: string } }) =>
  error.cause?.code ?? error.code

t.test('the database rejects updating, deleting or truncating the audit log', async (t) => {
  const before = await db.select().from(auditEvents)
  t.ok(before.length > 0)
  const attempts = {
    update: sql`update audit_events set outcome = 'succeeded'`,
    'update of nothing': sql`update audit_events set outcome = 'succeeded' where false`,
    delete: sql`delete from audit_events where actor_name = 'ann'`,
    truncate: sql`truncate audit_events`,
    'truncate of everything': sql`truncate users, audit_events cascade`
  }
  for (const [name, attempt] of Object.entries(attempts)) {
    const outcome = await db.execute(attempt).then(() => 'done', codeOf)
    t.equal(outcome, '42501', name)
  }
  t.strictSame(await db.select().from(auditEvents), before)
})

t.test('deleting an account deletes nothing from the log', async (t) => {
  const before = await db.$count(auditEvents, eq(auditEvents.actor_id, ann.user.id))
  await db.delete(users).where(eq(users.id, ann.user.id))
  t.equal(await db.$count(auditEvents, eq(auditEvents.actor_id, ann.user.id)), before)
})

t.test('a change that is rolled back is not in the log, a failed attempt is', async (t) => {
  await signUp('user', 'bea')
  const before = await db.$count(auditEvents)
  const bea = await request({
    method: 'POST',
    url: '/api/v1/auth/register',
    payload: { username: 'BEA', password: 'correct horse battery' }
  })
  t.equal(bea.statusCode, 409)
  const after = await db.select().from(auditEvents)
  t.equal(after.length, before + 1)
  t.equal(after.filter(({ outcome }) => outcome === 'failed').length, 1)
})

t.test('a change whose audit event cannot be written does not happen', async (t) => {
  const cid = await signUp('user', 'cid')
  await db.execute(
    sql`
      CREATE FUNCTION no_audit() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION 'no audit' USING errcode = '57P03';
      END $$`
  )
  await db.execute(
    sql`CREATE TRIGGER no_audit BEFORE INSERT ON audit_events FOR EACH STATEMENT EXECUTE FUNCTION no_audit()`
  )
  t.equal(
    (await cid.send({ method: 'PATCH', url: '/api/v1/me', payload: { username: 'cid-2' } }))
      .statusCode,
    503
  )
  t.equal((await cid.send({ method: 'POST', url: '/api/v1/auth/logout' })).statusCode, 503)
  t.match(
    (await cid.get('/api/v1/admin/users')).json(),
    { status: 403 },
    'the request is rejected all the same'
  )
  await db.execute(sql`drop trigger no_audit on audit_events`)
  t.match((await cid.get('/api/v1/me')).json(), { username: 'cid' })
})

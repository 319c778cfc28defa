import { randomUUID } from 'node:crypto'
import { eq, sql } from 'drizzle-orm'
import t from 'tap'
import type { Db } from '../../src/db/client.ts'
import { executeRows } from '../../src/db/rows.ts'
import { tasks } from '../../src/db/tables/tasks.ts'
import { advanceDeletionTime, runScheduled } from '../support/scheduled.ts'
import { createTestApp, PASSWORD } from '../support/test-app.ts'

const ownersOf = async (db: Db, id: string): Promise<number> =>
  (await executeRows(db, sql`SELECT FROM owners WHERE owner_id = ${id}`)).length

t.test('an account gets its row of owners with it, and loses it with it', async (t) => {
  const h = await createTestApp(t)
  // Nothing but the code that registers writes it then.
  await h.db.execute(sql`DROP TRIGGER users_add_owner ON users`)
  const ann = await h.signUp()
  t.equal(await ownersOf(h.db, ann.user.id), 1)
  await ann.create({ title: 'Paint the door' })
  const gone = await ann.send({
    method: 'DELETE',
    url: '/api/v1/me',
    payload: { password: PASSWORD }
  })
  t.equal(gone.statusCode, 204)
  t.equal(await ownersOf(h.db, ann.user.id), 1, 'what it has left still refers to it')
  await advanceDeletionTime(h.db)
  await runScheduled(h, 'accounts.purge')
  t.equal(await ownersOf(h.db, ann.user.id), 0)
})

t.test('an account that the previous release creates can have tasks, and is removed', async (t) => {
  const { db } = await createTestApp(t)
  const id = randomUUID()
  await db.execute(sql`INSERT INTO users (id, username, role) VALUES (${id}, 'old', 'user')`)
  t.equal(await ownersOf(db, id), 1)
  await db.execute(sql`
    INSERT INTO tasks (owner_id, id, title, status, priority, tags)
    VALUES (${id}, ${randomUUID()}, 'Paint the door', 'todo', 'low', '{}')`)
  await db.execute(sql`DELETE FROM users WHERE id = ${id}`)
  t.equal(await ownersOf(db, id), 0)
  t.equal(await db.$count(tasks, eq(tasks.owner_id, id)), 0)
})

t.test('owned tables refer to owners, or to each other within an owner', async (t) => {
  const { db } = await createTestApp(t)
  const keys = await executeRows<{ reference: string }>(
    db,
    sql`
      SELECT conrelid::regclass || ' → ' || confrelid::regclass AS reference
      FROM pg_constraint
      WHERE contype = 'f'
        AND convalidated
        AND confrelid = ANY(ARRAY['owners', 'tasks', 'task_imports', 'projects']::regclass[])
      ORDER BY reference`
  )
  t.strictSame(
    keys.map(({ reference }) => reference),
    [
      'idempotency_keys → owners',
      'invitations → projects',
      'project_members → projects',
      'task_comments → tasks',
      'task_events → owners',
      'task_import_blocks → task_imports',
      'task_import_errors → task_imports',
      'task_imports → owners',
      'tasks → owners'
    ]
  )
})

import { eq, sql } from 'drizzle-orm'
import t from 'tap'
import { tasks } from '../../../src/db/tables/tasks.ts'
import { users } from '../../../src/db/tables/users.ts'
import { createTestApp } from '../../support/test-app.ts'

t.test('the statistics count users and tasks', async (t) => {
  const { db, signUp } = await createTestApp(t)
  const root = await signUp('admin', 'root')
  await signUp('manager')
  const ann = await signUp('user', 'ann')
  const disabledUser = await signUp('user', 'disabledUser')
  await db.update(users).set({ disabled: true }).where(eq(users.id, disabledUser.user.id))
  await ann.create({ title: 'One' })
  await ann.create({ title: 'Two', status: 'in_progress' })
  await ann.create({ title: 'Three', status: 'done' })
  await root.create({ title: 'Four', status: 'done' })
  await ann.remove(await ann.create({ title: 'Five' }))
  const old = await ann.create({ title: 'Six' })
  await db
    .update(tasks)
    .set({ created_at: sql`date_trunc('day', now()) - interval '29 days'` })
    .where(eq(tasks.id, old.id))
  const older = await ann.create({ title: 'Seven' })
  await db
    .update(tasks)
    .set({
      created_at: sql`date_trunc('day', now()) - interval '29 days' - interval '1 millisecond'`
    })
    .where(eq(tasks.id, older.id))

  const response = await root.get('/api/v1/admin/stats')
  t.equal(response.statusCode, 200)
  const { users: people, tasks: work, days } = response.json()
  t.strictSame(people, { total: 4, user: 2, manager: 1, admin: 1, disabled: 1 })
  t.strictSame(work, { total: 6, todo: 3, in_progress: 1, done: 2, deleted: 1 })
  t.equal(days.length, 30)
  t.strictSame(days.at(-1), { day: new Date().toISOString().slice(0, 10), users: 4, tasks: 5 })
  t.match(days[0], { users: 0, tasks: 1 }, 'what is older than 30 days is not among them')
  t.strictSame(
    days
      .slice(1, -1)
      .filter(({ users, tasks }: { users: number; tasks: number }) => users + tasks > 0),
    []
  )
  t.equal(new Set(days.map(({ day }: { day: string }) => day)).size, 30)
})

t.test('the statistics are for admins', async (t) => {
  const { request, signUp } = await createTestApp(t)
  t.equal((await request({ url: '/api/v1/admin/stats' })).statusCode, 401)
  t.equal((await (await signUp('manager')).get('/api/v1/admin/stats')).statusCode, 403)
})

import { sql } from 'drizzle-orm'
import t from 'tap'
import { tasks } from '../../src/db/tables/tasks.ts'
import { purgeTasks } from '../../src/features/tasks/trash.ts'
import { createTestApp } from '../support/test-app.ts'

const { request, app, db, signUp } = await createTestApp(t)
const UUID_7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

t.test("a caller's request id is kept when it is harmless", async (t) => {
  for (const id of ['a', 'trace-1.2_3', 'A'.repeat(64), '0']) {
    t.equal(
      (await request({ url: '/nope', headers: { 'x-request-id': id } })).json().request_id,
      id
    )
  }
})

t.test('any other is replaced by a generated one', async (t) => {
  for (const id of [
    '',
    'a b',
    'a\tb',
    'A'.repeat(65),
    'a,b',
    '<script>',
    '../x',
    'é',
    'a"b',
    'system:purge'
  ]) {
    const answer = await request({ url: '/nope', headers: { 'x-request-id': id } })
    t.match(answer.headers['x-request-id'], UUID_7, id)
  }
  const twice = await app.inject({ url: '/nope', headers: { 'x-request-id': ['a', 'b'] as never } })
  t.match(twice.headers['x-request-id'], UUID_7)
})

t.test('every response has one, even without a route', async (t) => {
  for (const url of [
    '/',
    '/health/live',
    '/openapi.json',
    '/nope',
    '/%',
    `/${'a'.repeat(9000)}`,
    '/api/v1/tasks?x=%'
  ]) {
    t.match((await request({ url })).headers['x-request-id'], UUID_7, url.slice(0, 20))
  }
  t.not(
    (await request({ url: '/' })).headers['x-request-id'],
    (await request({ url: '/' })).headers['x-request-id']
  )
})

t.test(
  'what Tasklane does by itself cannot be confused with what a caller claims to be',
  async (t) => {
    const ann = await signUp('manager')
    const task = await ann.create({ title: 'Paint the door' })
    for (const claimed of ['purge', 'seed', 'create-admin', 'system', 'system:purge']) {
      await ann.send({
        method: 'PATCH',
        url: `/api/v1/tasks/${task.id}`,
        payload: { title: claimed },
        headers: { 'x-request-id': claimed }
      })
    }
    await ann.remove(task)
    await db.update(tasks).set({ deleted_at: sql`now() - interval '31 days'` })
    t.equal((await purgeTasks(db, 30)).done, 1)
    const { data } = (await ann.get('/api/v1/admin/audit-log?limit=100')).json()
    const ids = (action: string) =>
      data
        .filter((event: { action: string }) => event.action === action)
        .map((event: { request_id: string }) => event.request_id)
    t.strictSame(ids('task.purged'), ['system:purge'])
    t.notOk(ids('task.updated').some((id: string) => id.startsWith('system:')))
  }
)

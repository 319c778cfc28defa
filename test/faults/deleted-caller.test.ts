import { eq } from 'drizzle-orm'
import t from 'tap'
import { owners } from '../../src/db/tables/owners.ts'
import { users } from '../../src/db/tables/users.ts'
import { createTestApp } from '../support/test-app.ts'

t.test('a user who is deleted between two requests gets a 401, not a 500', async (t) => {
  const { db, signUp, events } = await createTestApp(t)
  const ann = await signUp()
  t.equal((await ann.get('/api/v1/me')).statusCode, 200)
  // Directly in the database, as another instance would: this process still has the session in its cache.
  await db.delete(owners).where(eq(owners.owner_id, ann.user.id))
  await db.delete(users).where(eq(users.id, ann.user.id))
  const responses = [
    await ann.post('/api/v1/tasks', { title: 'Paint the door' }),
    await ann.post('/api/v1/task-batches', {
      operations: [{ op: 'create', data: { title: 'Paint the door' } }]
    }),
    await ann.get('/api/v1/me'),
    await ann.send({ method: 'PATCH', url: '/api/v1/me', payload: { name: 'Ann' } })
  ]
  for (const response of responses) {
    t.match(response, { statusCode: 401, headers: { 'www-authenticate': 'Bearer' } }, response.body)
  }
  t.equal(await events.count(), 0)
})

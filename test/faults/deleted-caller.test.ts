import { eq } from 'drizzle-orm'
import t from 'tap'
import { users } from '../../src/db/tables/users.ts'
import { createTestApp } from '../support/test-app.ts'

t.test('who is deleted while they still ask is a stranger, not a failure', async (t) => {
  const { db, signUp, events } = await createTestApp(t)
  const ann = await signUp()
  t.equal((await ann.get('/api/v1/me')).statusCode, 200)
  // Not through the front door, which would tell this process: another instance did it, and we believe the session for a moment yet.
  await db.delete(users).where(eq(users.id, ann.user.id))
  const answers = [
    await ann.post('/api/v1/tasks', { title: 'Paint the door' }),
    await ann.post('/api/v1/task-batches', {
      operations: [{ op: 'create', data: { title: 'Paint the door' } }]
    }),
    await ann.get('/api/v1/me'),
    await ann.send({ method: 'PATCH', url: '/api/v1/me', payload: { name: 'Ann' } })
  ]
  for (const answer of answers) {
    t.match(answer, { statusCode: 401, headers: { 'www-authenticate': 'Bearer' } }, answer.body)
  }
  t.equal(await events.count(), 0)
})

import t from 'tap'
import { createTestApp } from '../../support/test-app.ts'

const { events, signUp } = await createTestApp(t)

t.test('creating a task returns the task, its location and its version', async (t) => {
  const ann = await signUp()
  const response = await ann.post('/api/v1/tasks', {
    title: '  Paint the door ',
    tags: ['home', ' home', 'red'],
    due_date: '2026-02-01T18:00:00.1234+01:00'
  })
  t.equal(response.statusCode, 201)
  const task = response.json()
  t.match(task, {
    title: 'Paint the door',
    tags: ['home', 'red'],
    due_date: '2026-02-01T17:00:00.123Z',
    status: 'todo',
    priority: 'medium',
    completed: false,
    version: 1,
    owner_id: ann.user.id
  })
  t.equal(response.headers.location, `/api/v1/tasks/${task.id}`)
  t.equal(response.headers.etag, '"1"')
  t.strictSame((await ann.read(task)).json(), task)
  t.strictSame(await events.of(task), ['task.created'])
})

import t from 'tap'
import { createTestApp } from '../../support/test-app.ts'

const { signUp } = await createTestApp(t)

t.test('the history names every change with its fields, its actor and its request', async (t) => {
  const ann = await signUp()
  const task = await ann.create({
    title: 'Paint',
    tags: ['a', 'b'],
    due_date: '2026-02-01T00:00:00Z'
  })
  await ann.send({
    method: 'PATCH',
    url: `/api/v1/tasks/${task.id}`,
    payload: { tags: ['c'], due_date: null, title: 'Paint it' },
    headers: { 'x-request-id': 'my-request.1' }
  })
  const { data } = (await ann.get(`/api/v1/tasks/${task.id}/events`)).json()
  t.match(data, [
    {
      type: 'task.updated',
      version: 2,
      actor_id: ann.user.id,
      request_id: 'my-request.1',
      task_id: task.id
    },
    { type: 'task.created', version: 1, actor_id: ann.user.id, changes: [] }
  ])
  t.strictSame(
    data[0].changes.sort((a: { field: string }, b: { field: string }) =>
      a.field < b.field ? -1 : 1
    ),
    [
      { field: 'due_date', before: '2026-02-01T00:00:00.000Z', after: null },
      { field: 'tags', before: 'a|b', after: 'c' },
      { field: 'title', before: 'Paint', after: 'Paint it' }
    ]
  )
})

t.test('the history is paged, newest first, and its cursors are valid only for it', async (t) => {
  const ann = await signUp()
  const [task, other] = [await ann.create({ title: '0' }), await ann.create({ title: 'other' })]
  for (let i = 1; i < 5; i++) {
    await ann.patch(task, { title: `${i}` })
  }
  const versions: number[] = []
  let cursor = ''
  for (;;) {
    const { data, pagination } = (
      await ann.get(`/api/v1/tasks/${task.id}/events?limit=2${cursor}`)
    ).json()
    versions.push(...data.map((e: { version: number }) => e.version))
    if (!pagination.has_more) {
      break
    }
    cursor = `&cursor=${pagination.next_cursor}`
  }
  t.strictSame(versions, [5, 4, 3, 2, 1])
  t.equal((await ann.get(`/api/v1/tasks/${other.id}/events?limit=2${cursor}`)).statusCode, 400)
})

t.test('a deleted task keeps its history for its owner', async (t) => {
  const ann = await signUp()
  const task = await ann.create({ title: 'Paint' })
  await ann.remove(task)
  t.strictSame(
    (await ann.get(`/api/v1/tasks/${task.id}/events`))
      .json()
      .data.map((e: { type: string }) => e.type),
    ['task.deleted', 'task.created']
  )
})

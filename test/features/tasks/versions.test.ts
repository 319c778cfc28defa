import t from 'tap'
import type { TaskUpdate } from '../../../src/features/tasks/schema.ts'
import { createTestApp } from '../../support/test-app.ts'

const { events, signUp } = await createTestApp(t)

t.test('a request with the current ETag gets 304 without a body', async (t) => {
  const ann = await signUp()
  const task = await ann.create({ title: 'Paint' })
  for (const tag of [
    '"1"',
    'W/"1"',
    '"1-gzip"',
    'W/"1;br"',
    '"1--gzip"',
    '"7", "1"',
    '"7,8",W/"1"',
    ',"7",, "1",',
    '*'
  ]) {
    const response = await ann.read(task, { 'if-none-match': tag })
    t.equal(response.statusCode, 304, tag)
    t.equal(response.body, '')
    t.equal(response.headers.etag, '"1"')
  }
  t.equal((await ann.read(task, { 'if-none-match': '"2"' })).statusCode, 200)
  t.match((await ann.read(task, { 'if-none-match': 'nonsense' })).json(), {
    status: 400,
    errors: [{ in: 'header', pointer: '/If-None-Match' }]
  })
})

t.test(
  'a stale write is rejected with the current version and the changed fields, without an event',
  async (t) => {
    const ann = await signUp()
    const task = await ann.create({ title: 'Paint the door', tags: ['a'] })
    await ann.patch(task, { title: 'Paint it blue', tags: ['b'] })
    await ann.patch(task, { tags: ['a'], priority: 'high' })
    for (const late of [
      await ann.patch(task, { title: 'Red' }, 1),
      await ann.remove(task, 1),
      await ann.restore(task, 1),
      await ann.put(
        task,
        {
          title: 'New',
          description: null,
          status: 'todo',
          priority: 'low',
          due_date: null,
          tags: [],
          assignee_id: null
        },
        1
      )
    ]) {
      t.equal(late.statusCode, 412)
      t.match(late.json(), {
        code: 'stale_version',
        current_version: 3,
        changed_fields: ['priority', 'title']
      })
      t.equal(late.headers.etag, '"3"')
    }
    t.strictSame(await events.of(task), ['task.created', 'task.updated', 'task.updated'])
  }
)

t.test('If-Match is compared strongly; a star matches any version', async (t) => {
  const ann = await signUp()
  const task = await ann.create({ title: 'Paint' })
  const patch = (tag: string) =>
    ann.send({
      method: 'PATCH',
      url: `/api/v1/tasks/${task.id}`,
      payload: { title: tag.replace(/\W/g, '') || 'star' },
      headers: { 'if-match': tag }
    })
  t.equal((await patch('W/"2"')).statusCode, 412)
  t.equal((await patch('"x"')).statusCode, 412)
  t.equal((await patch('"1,2"')).statusCode, 412, 'a comma between the quotes is part of the tag')
  for (const malformed of ['1', '"1', '"1" "2"', '*, "1"', ',']) {
    t.match(
      (await patch(malformed)).json(),
      { status: 400, errors: [{ in: 'header', pointer: '/If-Match' }] },
      malformed
    )
  }
  t.equal((await patch('"9", "1"')).statusCode, 200)
  t.equal((await patch('*')).statusCode, 200)
})

t.test('versions that no task can have are stale, and no malformed ones', async (t) => {
  const ann = await signUp()
  const task = await ann.create({ title: 'Paint' })
  const patch = async (ifMatch: string, id = task.id, payload: TaskUpdate = { title: 'Red' }) => {
    const url = `/api/v1/tasks/${id}`
    return (await ann.send({ method: 'PATCH', url, payload, headers: { 'if-match': ifMatch } }))
      .statusCode
  }
  for (const payload of [{ title: 'Red' }, { title: 'Red', assignee_id: ann.user.id }]) {
    t.equal(await patch('"2147483648"', task.id, payload), 412)
    t.equal(await patch('"9999999999"', task.id, payload), 412)
    t.equal(await patch('"9999999999"', ann.user.id, payload), 404)
  }
  t.equal((await ann.read(task)).json().version, 1)
  t.equal(await patch('"9999999999", "1"'), 200)
})

t.test('of two writers on one version exactly one wins, a hundred times', async (t) => {
  const ann = await signUp()
  const task = await ann.create({ title: 'Race' })
  for (let version = 1; version <= 100; version++) {
    const both = await Promise.all(
      ['a', 'b'].map((who) => ann.patch(task, { title: `${who} ${version}` }, version))
    )
    t.strictSame(both.map((response) => response.statusCode).sort(), [200, 412])
  }
  t.equal((await events.of(task)).length, 101)
})

t.test(
  'thirty writers at once who accept any version all succeed one after the other, until one deletes',
  async (t) => {
    const ann = await signUp()
    const task = await ann.create({ title: 'Crowd' })
    const responses = await Promise.all(
      Array.from({ length: 30 }, (_, i) => ann.patch(task, { title: `Writer ${i}` }))
    )
    t.strictSame(
      responses.map((response) => response.statusCode),
      Array(30).fill(200)
    )
    t.strictSame(
      responses.map((response) => response.json().version).sort((a, b) => a - b),
      Array.from({ length: 30 }, (_, i) => i + 2),
      'each version is returned once'
    )
    const { data } = (await ann.get(`/api/v1/tasks/${task.id}/events?limit=100`)).json()
    t.strictSame(
      data.map((event: { version: number }) => event.version),
      Array.from({ length: 31 }, (_, i) => 31 - i)
    )
    for (let i = 0; i < 30; i++) {
      t.equal(
        data[i].changes[0].before,
        data[i + 1].changes[0]?.after ?? 'Crowd',
        'each event continues from the one before'
      )
    }

    const end = await Promise.all([
      ...Array.from({ length: 10 }, (_, i) => ann.patch(task, { title: `Late ${i}` })),
      ann.remove(task),
      ann.remove(task)
    ])
    t.strictSame(
      end
        .slice(10)
        .map((response) => response.statusCode)
        .sort(),
      [204, 404],
      'one of two deletions succeeds'
    )
    t.ok(end.slice(0, 10).every((response) => [200, 404].includes(response.statusCode)))
    t.equal((await ann.read(task)).statusCode, 404)
    t.equal((await events.of(task)).at(-1), 'task.deleted')
  }
)

t.test('a tag of ours that a proxy made weak allows a change once, and no stale one', async (t) => {
  const ann = await signUp()
  const task = await ann.create({ title: 'Paint' })
  const patch = (title: string) =>
    ann.send({
      method: 'PATCH',
      url: `/api/v1/tasks/${task.id}`,
      payload: { title },
      headers: { 'if-match': 'W/"1"' }
    })
  const statuses = (await Promise.all([patch('Red'), patch('Blue')])).map((it) => it.statusCode)
  t.strictSame(statuses.sort(), [200, 412])
})

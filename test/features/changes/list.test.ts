import { sql } from 'drizzle-orm'
import t from 'tap'
import { deriveKeys } from '../../../src/core/secrets.ts'
import { cursors } from '../../../src/http/pagination.ts'
import { CHANGES, changesSince, presentOf, typesOf } from '../../support/changes.ts'
import { projectWith, removeMember } from '../../support/projects.ts'
import { createTestApp, type Person, SECRET } from '../../support/test-app.ts'

const TASKS = '/api/v1/tasks'

const create = async (who: Person, task: object) => (await who.post(TASKS, task)).json()
const patch = async (who: Person, id: string, payload: object) =>
  (await who.send({ method: 'PATCH', url: `${TASKS}/${id}`, payload })).json()
const remove = (who: Person, id: string) => who.send({ method: 'DELETE', url: `${TASKS}/${id}` })

t.test('changes of tasks are listed in their order, each with the task as it is now', async (t) => {
  const app = await createTestApp(t, { env: { DIRECTORY: 'all' } })
  const ann = await app.signUp('user', 'ann')
  const start = await presentOf(ann)
  const task = await create(ann, { title: 'A' })
  await patch(ann, task.id, { title: 'B', tags: ['x'] })
  await patch(ann, task.id, { title: 'B' })
  await patch(ann, task.id, { title: '' })
  const read = await changesSince(ann, start)
  const request_id = read.data[0]?.request_id
  t.match(read.data, [
    {
      type: 'task.created',
      actor_id: ann.user.id,
      project_id: null,
      resource: { type: 'task', id: task.id, version: 1 },
      changed_fields: []
    },
    { type: 'task.updated', resource: { version: 2 }, changed_fields: ['tags', 'title'] }
  ])
  t.equal(read.data.length, 2, 'what was refused, and what changed nothing, is no change')
  t.strictSame(read.data[0]?.data, (await ann.get(`${TASKS}/${task.id}`)).json())
  const events = (await ann.get(`${TASKS}/${task.id}/events`)).json().data.reverse()
  t.strictSame(
    read.data.map(({ id }) => id),
    events.map(({ id }: { id: string }) => id)
  )
  t.equal(request_id, events[0].request_id)
  await remove(ann, task.id)
  const after = await changesSince(ann, read.cursor)
  t.match(after.data, [{ type: 'task.deleted', data: null, resource: { version: 3 } }])
  t.strictSame((await changesSince(ann, after.cursor)).data, [])
})

t.test('a batch, an emptied list and a subtree are a change for each task', async (t) => {
  const app = await createTestApp(t, { env: { DIRECTORY: 'all' } })
  const ann = await app.signUp('user', 'ann')
  const start = await presentOf(ann)
  await ann.post('/api/v1/task-batches', {
    operations: [1, 2, 3, 4].map((i) => ({ op: 'create', data: { title: `T${i}` } }))
  })
  const parent = await create(ann, { title: 'above' })
  await create(ann, { title: 'below', parent_id: parent.id })
  await remove(ann, parent.id)
  await ann.send({ method: 'DELETE', url: `${TASKS}?confirm=all` })
  const { data } = await changesSince(ann, start)
  t.strictSame(typesOf(data), [...Array(6).fill('task.created'), ...Array(6).fill('task.deleted')])
  t.equal(new Set(data.map(({ id }) => id)).size, 12, 'no id comes twice')
})

t.test('members see what happens in a project until they are removed', async (t) => {
  const app = await createTestApp(t, { env: { DIRECTORY: 'all' } })
  const [ann, ben, eve] = [
    await app.signUp('user', 'ann'),
    await app.signUp('user', 'ben'),
    await app.signUp('user', 'eve')
  ]
  const project = await projectWith(ann, { editor: ben })
  const start = { ben: await presentOf(ben), eve: await presentOf(eve) }
  const task = await create(ann, { title: 'shared', project_id: project.id })
  await create(ann, { title: 'of my own' })
  const seen = await changesSince(ben, start.ben)
  t.match(seen.data, [{ type: 'task.created', project_id: project.id, data: { id: task.id } }])
  t.equal(seen.data.length, 1)
  t.strictSame((await changesSince(eve, start.eve)).data, [])
  await removeMember(ann, project, ben)
  await patch(ann, task.id, { title: 'not for ben' })
  const after = await changesSince(ben, seen.cursor)
  t.notOk(after.data.some(({ type }) => type.startsWith('task.')))
})

t.test('who has a personal task of somebody else to do sees exactly that task', async (t) => {
  const app = await createTestApp(t, { env: { DIRECTORY: 'all' } })
  const [ann, ben] = [await app.signUp('user', 'ann'), await app.signUp('user', 'ben')]
  const start = await presentOf(ben)
  await create(ann, { title: 'private' })
  const task = await create(ann, { title: 'for ben', assignee_id: ben.user.id })
  await patch(ann, task.id, { title: 'still for ben' })
  await patch(ben, task.id, { status: 'done' })
  await patch(ann, task.id, { assignee_id: null })
  await patch(ann, task.id, { title: 'private again' })
  const { data } = await changesSince(ben, start)
  t.match(
    data.map(({ type, resource, data, changed_fields }) => ({
      ...{ type, version: resource.version, id: resource.id },
      ...{ data, changed_fields }
    })),
    [
      { type: 'task.created', version: 1, id: task.id, data: null },
      { type: 'task.updated', version: 2, changed_fields: ['title'] },
      { type: 'task.updated', version: 3, changed_fields: ['status'] },
      { type: 'task.updated', version: 4, changed_fields: ['assignee_id'], data: null }
    ]
  )
  t.equal(data.length, 4)
  const own = (await ann.get(`${TASKS}/${task.id}/events`)).json().data.reverse()
  t.strictSame(
    data.map(({ id }) => id),
    own.slice(0, 4).map(({ id }: { id: string }) => id),
    'the ids are those of the history'
  )
})

t.test('a task that leaves a list is a change there, once for who sees both lists', async (t) => {
  const app = await createTestApp(t, { env: { DIRECTORY: 'all' } })
  const [ann, ben] = [await app.signUp('user', 'ann'), await app.signUp('user', 'ben')]
  const project = await projectWith(ann, { viewer: ben })
  const task = await create(ann, { title: 'moving', project_id: project.id })
  const start = { ann: await presentOf(ann), ben: await presentOf(ben) }
  await patch(ann, task.id, { project_id: null })
  t.match((await changesSince(ben, start.ben)).data, [
    { type: 'task.updated', project_id: project.id, changed_fields: ['project_id'], data: null }
  ])
  const { data } = await changesSince(ann, start.ann)
  t.equal(data.length, 1)
  t.match(data, [{ project_id: project.id, data: { id: task.id, project_id: null } }])
})

t.test('a feed can be narrowed to types and to a project', async (t) => {
  const app = await createTestApp(t, { env: { DIRECTORY: 'all' } })
  const [ann, eve] = [await app.signUp('user', 'ann'), await app.signUp('user', 'eve')]
  const project = await projectWith(ann, {})
  const filters = ['type=task.deleted', `project_id=${project.id}`]
  const [types, inProject] = await Promise.all(filters.map((filter) => presentOf(ann, filter)))
  const task = await create(ann, { title: 'personal' })
  await remove(ann, task.id)
  await create(ann, { title: 'shared', project_id: project.id })
  t.strictSame(typesOf((await changesSince(ann, types as string, filters[0])).data), [
    'task.deleted'
  ])
  const shared = (await changesSince(ann, inProject as string, filters[1])).data
  t.match(shared, [{ type: 'task.created', data: { title: 'shared' } }])
  t.equal(shared.length, 1)
  const foreign = await eve.get(`${CHANGES}?project_id=${project.id}`)
  t.match(foreign.json(), { status: 404, code: 'not_found' })
  t.match((await ann.get(`${CHANGES}?cursor=${types}`)).json(), {
    status: 400,
    errors: [{ pointer: '/cursor', code: 'bad_cursor' }]
  })
  t.match((await ann.get(`${CHANGES}?type=task.created&type=nonsense`)).json(), { status: 400 })
})

t.test('a cursor belongs to its caller, cannot be altered, and expires', async (t) => {
  const app = await createTestApp(t, { env: { CHANGES_RETENTION_DAYS: '7' } })
  const [ann, ben] = [await app.signUp('user', 'ann'), await app.signUp('user', 'ben')]
  const cursor = await presentOf(ann)
  for (const wrong of [`${cursor}A`, cursor.slice(0, -2), 'x']) {
    t.equal((await ann.get(`${CHANGES}?cursor=${wrong}`)).statusCode, 400)
  }
  t.match((await ben.get(`${CHANGES}?cursor=${cursor}`)).json(), {
    errors: [{ code: 'bad_cursor' }]
  })
  const { encode, decode } = cursors(deriveKeys([SECRET], 'cursor'))
  const binding = JSON.stringify(['changes', ann.user.id])
  const [position, id, , filter] = decode(binding, cursor) as [string, string, string, string]
  const madeAt = (days: number) =>
    encode(binding, [position, id, String(Date.now() - days * 86_400_000), filter])
  t.equal((await ann.get(`${CHANGES}?cursor=${madeAt(6.9)}`)).statusCode, 200)
  const expired = await ann.get(`${CHANGES}?cursor=${madeAt(7.1)}`)
  t.match(expired.json(), { status: 410, code: 'cursor_expired' })
})

t.test('a cursor is as old as what follows it, however recently it was given out', async (t) => {
  const app = await createTestApp(t, { env: { CHANGES_RETENTION_DAYS: '1' } })
  const ann = await app.signUp('user', 'ann')
  const start = await presentOf(ann)
  await projectWith(ann, {})
  await projectWith(ann, {})
  await ann.untilSettled()
  const page = async (cursor: string) =>
    (await ann.get(`${CHANGES}?cursor=${cursor}&limit=1`)).json()
  await app.db.execute(sql`UPDATE list_changes SET created_at = now() - interval '25 hours'`)
  const { data, pagination } = await page(start)
  t.match([data.length, pagination.has_more], [1, true])
  t.match(await page(pagination.next_cursor), { status: 410, code: 'cursor_expired' })
})

t.test('a cursor behind everything lives on, also when nothing happens', async (t) => {
  const app = await createTestApp(t, { env: { CHANGES_RETENTION_DAYS: '7' } })
  const ann = await app.signUp('user', 'ann')
  const { encode, decode } = cursors(deriveKeys([SECRET], 'cursor'))
  const binding = JSON.stringify(['changes', ann.user.id])
  const [position, id, , filter] = decode(binding, await presentOf(ann)) as string[]
  const madeAt = String(Date.now() - 6.9 * 86_400_000)
  const cursor = encode(binding, [position, id, madeAt, filter] as string[])
  const page = (await ann.get(`${CHANGES}?cursor=${cursor}`)).json()
  const [, , time] = decode(binding, page.pagination.next_cursor) as string[]
  t.ok(Number(time) > Date.now() - 60_000)
})

t.test('a page ends before its changes exceed a megabyte, and the next goes on', async (t) => {
  const app = await createTestApp(t, { env: { DIRECTORY: 'all' } })
  const ann = await app.signUp('user', 'ann')
  const start = await presentOf(ann)
  const description = 'x'.repeat(10_000)
  for (let i = 0; i < 2; i++) {
    await ann.post('/api/v1/task-batches', {
      operations: Array.from({ length: 90 }, () => ({
        op: 'create',
        data: { title: 'long', description }
      }))
    })
  }
  await ann.untilSettled()
  const first = (await ann.get(`${CHANGES}?cursor=${start}&limit=500`)).json()
  t.equal(first.pagination.has_more, true)
  t.ok(first.data.length > 80 && first.data.length < 110)
  const second = (
    await ann.get(`${CHANGES}?cursor=${first.pagination.next_cursor}&limit=500`)
  ).json()
  t.equal(first.data.length + second.data.length, 180)
  t.equal(second.pagination.has_more, false)
})

import { sql } from 'drizzle-orm'
import t, { type Test } from 'tap'
import type { Deps } from '../../../src/core/deps.ts'
import { createMetrics } from '../../../src/core/metrics.ts'
import { deriveKeys } from '../../../src/core/secrets.ts'
import { cursors } from '../../../src/http/pagination.ts'
import { openStream } from '../../support/change-stream.ts'
import { CHANGES, changesSince, presentOf } from '../../support/changes.ts'
import { projectWith, removeMember } from '../../support/projects.ts'
import { createTestApp, type Person, SECRET } from '../../support/test-app.ts'
import { waitUntil } from '../../support/wait-until.ts'

const TASKS = '/api/v1/tasks'
const STREAM = `${CHANGES}/stream`

async function listening(t: Test, env: Record<string, string> = {}, deps: Partial<Deps> = {}) {
  const app = await createTestApp(t, { env: { DIRECTORY: 'all', ...env }, deps })
  const origin = await app.app.listen({ port: 0, host: '127.0.0.1' })
  const bearer = (who: Person) => ({ authorization: `Bearer ${who.access_token}` })
  return {
    ...app,
    origin,
    bearer,
    stream: (who: Person, query = '', headers: Record<string, string> = {}) =>
      openStream(t, `${origin}${STREAM}?${query}`, { ...bearer(who), ...headers })
  }
}

const idsOf = (events: { change: { id: string } }[]) => events.map(({ change }) => change.id)

t.test('a stream sends what the list says, with the cursor behind each change', async (t) => {
  const app = await listening(t)
  const ann = await app.signUp('user', 'ann')
  const start = await presentOf(ann)
  const stream = await app.stream(ann)
  t.equal(stream.status, 200)
  t.match(stream.headers['content-type'], /^text\/event-stream/)
  t.equal(stream.headers['cache-control'], 'no-store')
  await stream.begun()
  for (const title of ['A', 'B', 'C']) {
    await ann.post(TASKS, { title })
  }
  await stream.has(3)
  const { data } = await changesSince(ann, start)
  t.strictSame(
    stream.events.map(({ change }) => change),
    data
  )
  t.strictSame(
    stream.events.map(({ event }) => event),
    Array(3).fill('task.created')
  )
  const [, second] = stream.events
  t.strictSame((await changesSince(ann, second?.id as string)).data, data.slice(2))
})

t.test('how late changes reach streams is counted, but for those of before', async (t) => {
  const metrics = createMetrics()
  const app = await listening(t, {}, { metrics })
  const ann = await app.signUp('user', 'ann')
  const start = await presentOf(ann)
  await ann.post(TASKS, { title: 'before' })
  const stream = await app.stream(ann, `cursor=${start}`)
  await stream.has(1)
  await ann.post(TASKS, { title: 'meanwhile' })
  await stream.has(2)
  const counted = async () =>
    /^tasklane_change_delay_seconds_count (\d+)$/m.exec(await metrics.registry.metrics())?.[1]
  await waitUntil('the delay', async () => (await counted()) === '1')
})

t.test('a client that comes back with the last id, or as cursor, misses nothing', async (t) => {
  const app = await listening(t)
  const ann = await app.signUp('user', 'ann')
  const first = await app.stream(ann)
  await first.begun()
  first.close()
  const missed = (await ann.post(TASKS, { title: 'while away' })).json()
  const again = await app.stream(ann, '', { 'last-event-id': first.state.lastId })
  await again.has(1)
  t.match(again.events, [{ change: { data: { id: missed.id } } }])
  const last = again.state.lastId
  again.close()
  await ann.post(TASKS, { title: 'later' })
  const third = await app.stream(ann, `cursor=${last}`)
  await third.has(1)
  t.match(third.events, [{ change: { data: { title: 'later' } } }])
  t.equal((await app.stream(ann, `cursor=${last}x`)).status, 400)
})

t.test('an id in a stream is as old as the change, however late this was sent', async (t) => {
  const app = await listening(t, { CHANGES_RETENTION_DAYS: '1' })
  const ann = await app.signUp('user', 'ann')
  const start = await presentOf(ann)
  await projectWith(ann, {})
  await projectWith(ann, {})
  await ann.untilSettled()
  await app.db.execute(sql`UPDATE list_changes SET created_at = now() - interval '25 hours'`)
  const stream = await app.stream(ann, `cursor=${start}`)
  await stream.has(2)
  const [first] = stream.events
  t.equal((await app.stream(ann, '', { 'last-event-id': String(first?.id) })).status, 410)
  t.equal((await app.stream(ann, `cursor=${start}`)).status, 200)
})

t.test('a stream that cannot begin is refused', async (t) => {
  const app = await listening(t)
  const [ann, ben] = [await app.signUp('user', 'ann'), await app.signUp('user', 'ben')]
  const project = await projectWith(ben, {})
  t.equal((await app.stream(ann, `project_id=${project.id}`)).status, 404)
  const { encode } = cursors(deriveKeys([SECRET], 'cursor'))
  const place = ['0', ann.user.id, String(Date.now() - 31 * 86_400_000), '']
  const old = encode(JSON.stringify(['changes', ann.user.id]), place)
  t.equal((await app.stream(ann, `cursor=${old}`)).status, 410)
  t.equal((await app.stream(ann, '', { 'last-event-id': old })).status, 410)
  t.match((await ann.get(STREAM, { 'last-event-id': 'x' })).json(), {
    status: 400,
    errors: [{ in: 'header', pointer: '/Last-Event-ID', code: 'bad_cursor' }]
  })
  t.match((await ann.get(`${STREAM}?cursor=x`)).json(), {
    errors: [{ in: 'query', pointer: '/cursor', code: 'bad_cursor' }]
  })
})

t.test('a ticket opens one stream, with which it is used up', async (t) => {
  const app = await listening(t)
  const ann = await app.signUp('user', 'ann')
  const drawn = await ann.post(`${CHANGES}/tickets`, undefined)
  t.equal(drawn.statusCode, 201)
  const { ticket } = drawn.json()
  const url = `${app.origin}${STREAM}?ticket=${ticket}`
  const all = await Promise.all([1, 2, 3].map(() => openStream(t, url)))
  t.strictSame(all.map(({ status }) => status).sort(), [200, 401, 401])
  const stream = all.find(({ status }) => status === 200)
  await ann.post(TASKS, { title: 'seen' })
  await stream?.has(1)
  await ann.post('/api/v1/auth/logout', undefined)
  await stream?.ended
  t.equal(stream?.state.isOver, true, 'it ends with the session that drew it')
  const late = (
    await (await app.signUp('user', 'ben')).post(`${CHANGES}/tickets`, undefined)
  ).json()
  await app.db.execute(`UPDATE change_tickets SET expires_at = now() - interval '1 second'`)
  t.equal((await openStream(t, `${app.origin}${STREAM}?ticket=${late.ticket}`)).status, 401)
  t.equal((await openStream(t, `${app.origin}${CHANGES}?ticket=${late.ticket}`)).status, 401)
})

t.test('a stream ends when its key is revoked, and when its user is disabled', async (t) => {
  const app = await listening(t)
  const [ann, root] = [await app.signUp('user', 'ann'), await app.signUp('admin', 'root')]
  const key = (
    await ann.post('/api/v1/me/api-keys', {
      name: 'mirror',
      scopes: ['changes:read'],
      expires_at: new Date(Date.now() + 86_400_000).toISOString()
    })
  ).json()
  const byKey = await openStream(t, app.origin + STREAM, { authorization: `Bearer ${key.key}` })
  const bySession = await app.stream(ann)
  await Promise.all([byKey.begun(), bySession.begun()])
  await ann.send({ method: 'DELETE', url: `/api/v1/me/api-keys/${key.id}` })
  await byKey.ended
  t.equal(bySession.state.isOver, false)
  await root.send({
    method: 'PATCH',
    url: `/api/v1/admin/users/${ann.user.id}`,
    payload: { disabled: true }
  })
  await bySession.ended
  t.pass('both have ended')
})

t.test('who is removed from a project sees nothing of it from then on', async (t) => {
  const app = await listening(t)
  const [ann, ben] = [await app.signUp('user', 'ann'), await app.signUp('user', 'ben')]
  const project = await projectWith(ann, { editor: ben })
  await ben.untilSettled()
  const stream = await app.stream(ben)
  const filtered = await app.stream(ben, `project_id=${project.id}`)
  await Promise.all([stream.begun(), filtered.begun()])
  await ann.post(TASKS, { title: 'shared', project_id: project.id })
  await Promise.all([stream.has(1), filtered.has(1)])
  await removeMember(ann, project, ben)
  await ann.post(TASKS, { title: 'secret', project_id: project.id })
  const own = (await ben.post(TASKS, { title: 'own' })).json()
  await waitUntil('the own task', () =>
    stream.events.some(({ change }) => change.resource.id === own.id)
  )
  await filtered.has(2)
  t.strictSame(
    filtered.events.map(({ event }) => event),
    ['task.created', 'access.lost']
  )
  for (const { events } of [stream, filtered]) {
    t.notOk(events.some(({ change }) => JSON.stringify(change).includes('secret')))
  }
})

t.test('a user has five streams at once, and a closed one gives its place back', async (t) => {
  const app = await listening(t)
  const [ann, ben] = [await app.signUp('user', 'ann'), await app.signUp('user', 'ben')]
  const all = await Promise.all(Array.from({ length: 8 }, () => app.stream(ann)))
  const open = all.filter(({ status }) => status === 200)
  t.equal(open.length, 5)
  t.strictSame(
    all
      .filter(({ status }) => status !== 200)
      .map((it) => [it.status, 'retry-after' in it.headers]),
    Array(3).fill([429, true])
  )
  t.equal((await app.stream(ben)).status, 200, 'that of another user is free')
  open[0]?.close()
  await waitUntil('a free place', async () => {
    const next = await app.stream(ann)
    return next.status === 200
  })
})

t.test('several streams and the list give one person the same ids in the same order', async (t) => {
  const app = await listening(t)
  const ann = await app.signUp('user', 'ann')
  const start = await presentOf(ann)
  const streams = await Promise.all([1, 2, 3].map(() => app.stream(ann)))
  await Promise.all(streams.map((stream) => stream.begun()))
  await Promise.all(
    Array.from({ length: 6 }, (_, i) =>
      ann.post('/api/v1/task-batches', {
        operations: Array.from({ length: 20 }, (_, k) => ({
          op: 'create',
          data: { title: `${i} ${k}` }
        }))
      })
    )
  )
  await Promise.all(streams.map((stream) => stream.has(120)))
  const ids = (await changesSince(ann, start)).data.map(({ id }) => id)
  t.equal(new Set(ids).size, 120)
  for (const stream of streams) {
    t.strictSame(idsOf(stream.events), ids)
  }
})

t.test('streams end when the server shuts down', async (t) => {
  let isOver = false
  const app = await createTestApp(t, { deps: { isShuttingDown: () => isOver } })
  const origin = await app.app.listen({ port: 0, host: '127.0.0.1' })
  const ann = await app.signUp('user', 'ann')
  const headers = { authorization: `Bearer ${ann.access_token}` }
  const stream = await openStream(t, origin + STREAM, headers)
  await stream.begun()
  isOver = true
  await stream.ended
  t.equal((await openStream(t, origin + STREAM, headers)).status, 503)
})

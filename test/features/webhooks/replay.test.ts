import { sql } from 'drizzle-orm'
import t from 'tap'
import { changesSince, presentOf, settled } from '../../support/changes.ts'
import { worker } from '../../support/imports.ts'
import { createTestApp, type Person } from '../../support/test-app.ts'
import { waitUntil } from '../../support/wait-until.ts'
import { createWebhook, LOOPBACK, startReceiver, webhookUrl } from '../../support/webhooks.ts'

const app = await createTestApp(t, { env: LOOPBACK })
const { db } = app
worker(t, app)

const titles = (receiver: Awaited<ReturnType<typeof startReceiver>>) =>
  receiver.received.map(({ body }) => body.data?.title)
const replay = (who: Person, webhook: { id: string }, payload: object) =>
  who.post(webhookUrl(webhook, '/replay'), payload)

t.test('a replay from a cursor sends the same changes again, and then what is new', async (t) => {
  const ann = await app.signUp()
  const receiver = await startReceiver(t)
  const start = await presentOf(ann)
  await ann.create({ title: 'Before' })
  await settled(ann, start)
  const cursor = await presentOf(ann)
  const filtered = await presentOf(ann, 'type=task.created')
  const webhook = await createWebhook(ann, receiver.url)
  await ann.create({ title: 'A' })
  await ann.create({ title: 'B' })
  await waitUntil('two deliveries', () => receiver.received.length === 2)
  const response = await replay(ann, webhook, { cursor })
  t.equal(response.statusCode, 202)
  t.equal(response.json().id, webhook.id)
  await waitUntil('both again', () => receiver.received.length === 4)
  t.same([...receiver.ids().slice(2)].sort(), [...receiver.ids().slice(0, 2)].sort())
  const followed = (await changesSince(ann, cursor)).data.map(({ id }) => id)
  t.same([...new Set(receiver.ids())].sort(), [...followed].sort())
  await ann.create({ title: 'C' })
  await waitUntil('what is new', () => titles(receiver).includes('C'))
  t.equal((await replay(ann, webhook, { cursor: filtered })).statusCode, 202)
  await waitUntil('all three again', () => receiver.received.length === 8)
  t.notOk(titles(receiver).includes('Before'))
})

t.test('a replay since a time sends what has happened from then on', async (t) => {
  const ann = await app.signUp()
  const start = await presentOf(ann)
  for (const [i, title] of ['Old', 'A', 'B'].entries()) {
    await ann.create({ title })
    await db.execute(sql`
      UPDATE task_events
      SET created_at = now() - make_interval(hours => ${10 - i}::int)
      WHERE list_id = ${ann.user.id} AND created_at > now() - interval '1 hour'`)
  }
  await waitUntil('all of them', async () => (await changesSince(ann, start)).data.length === 3)
  const receiver = await startReceiver(t)
  const webhook = await createWebhook(ann, receiver.url)
  const since = new Date(Date.now() - 9.5 * 3_600_000).toISOString()
  t.equal((await replay(ann, webhook, { since })).statusCode, 202)
  await waitUntil('two deliveries', () => receiver.received.length === 2)
  t.same(titles(receiver).sort(), ['A', 'B'])
  await ann.create({ title: 'C' })
  await waitUntil('what is new', () => receiver.received.length === 3)
  t.equal(titles(receiver).at(-1), 'C')
})

t.test('a replay takes exactly one beginning, of its own user and not too long ago', async (t) => {
  const [ann, bob] = [await app.signUp(), await app.signUp()]
  const webhook = await createWebhook(ann, 'https://hooks.example.com/')
  const cursor = await presentOf(ann)
  const foreign = await presentOf(bob)
  const now = new Date().toISOString()
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString()
  const refused: [payload: object, pointer: RegExp][] = [
    [{}, /^/],
    [{ cursor, since: now }, /^/],
    [{ cursor: foreign }, /^\/cursor$/],
    [{ cursor: `${cursor.slice(0, -1)}${cursor.endsWith('A') ? 'B' : 'A'}` }, /^\/cursor$/],
    [{ since: 'yesterday' }, /^\/since$/],
    [{ since: tomorrow }, /^\/since$/]
  ]
  for (const [payload, pointer] of refused) {
    const response = await replay(ann, webhook, payload)
    t.equal(response.statusCode, 400, JSON.stringify(payload))
    t.match(response.json().errors[0], { in: 'body', pointer })
  }
  const long = await replay(ann, webhook, { since: '2020-01-01T00:00:00Z' })
  t.equal(long.statusCode, 410)
  t.equal(long.json().code, 'cursor_expired')
})

import { Webhook as Verifier } from 'standardwebhooks'
import t from 'tap'
import { presentOf, settled } from '../../support/changes.ts'
import { webhookViolations } from '../../support/contract.ts'
import { worker } from '../../support/imports.ts'
import { createProject, projectWith, removeMember } from '../../support/projects.ts'
import { createTestApp, type Person } from '../../support/test-app.ts'
import { waitUntil } from '../../support/wait-until.ts'
import {
  createWebhook,
  deliveriesOf,
  LOOPBACK,
  lastDelivery,
  startReceiver,
  webhookUrl
} from '../../support/webhooks.ts'

t.test(
  'every change after its creation is delivered, signed, with the task as it is',
  async (t) => {
    const app = await createTestApp(t, { env: LOOPBACK })
    const ann = await app.signUp()
    const receiver = await startReceiver(t)
    const webhook = await createWebhook(ann, receiver.url)
    const task = await ann.create({ title: 'Paint the door' })
    await ann.patch(task, { title: 'Paint the gate' })
    worker(t, app)
    await waitUntil('two deliveries', () => receiver.received.length === 2)
    const events = (await ann.get(`/api/v1/tasks/${task.id}/events`)).json().data
    t.same(receiver.ids().sort(), events.map(({ id }: { id: string }) => id).sort())
    t.same(receiver.types().sort(), ['task.created', 'task.updated'])
    const shown = (await ann.read(task)).json()
    for (const { method, url, headers, text, body } of receiver.received) {
      t.equal(method, 'POST')
      t.equal(url, '/hook')
      t.equal(headers['content-type'], 'application/json; charset=utf-8')
      t.equal(headers['webhook-id'], body.id)
      t.equal(headers.host, `127.0.0.1:${receiver.port}`)
      t.strictSame(new Verifier(webhook.secret).verify(text, headers), body)
      t.strictSame(body.data, shown)
      t.strictSame(webhookViolations('change', { headers, body }), [])
    }
    await waitUntil('their outcome', async () => (await pending(ann, webhook)).length === 0)
    const [first, second] = await deliveriesOf(ann, webhook)
    t.match(
      [first, second],
      [
        { type: 'task.created', status: 'succeeded', attempt_count: 1, next_attempt_at: null },
        { type: 'task.updated', status: 'succeeded', attempts: [{ status: 204, error: null }] }
      ]
    )
  }
)

t.test('a webhook gets the types and the project that it asks for', async (t) => {
  const app = await createTestApp(t, { env: LOOPBACK })
  const ann = await app.signUp()
  const start = await presentOf(ann)
  const project = await createProject(ann)
  await settled(ann, start)
  const [typed, narrow, all] = [
    await startReceiver(t),
    await startReceiver(t),
    await startReceiver(t)
  ]
  await createWebhook(ann, typed.url, { types: ['task.deleted'] })
  await createWebhook(ann, narrow.url, { project_id: project.id })
  await createWebhook(ann, all.url)
  const inside = await ann.create({ title: 'Inside', project_id: project.id })
  const outside = await ann.create({ title: 'Outside' })
  await ann.remove(outside)
  worker(t, app)
  await waitUntil('five deliveries', () => all.received.length === 3 && typed.received.length === 1)
  t.strictSame(typed.types(), ['task.deleted'])
  await waitUntil('the one of the project', () => narrow.received.length > 0)
  t.match(narrow.received, [{ body: { project_id: project.id, data: { id: inside.id } } }])
  t.equal(narrow.received.length, 1)
})

t.test('it gets what its owner sees at that moment', async (t) => {
  const app = await createTestApp(t, { env: { ...LOOPBACK, DIRECTORY: 'all' } })
  const [ann, ben] = [await app.signUp('user', 'ann'), await app.signUp('user', 'ben')]
  const project = await projectWith(ann, { editor: ben })
  const receiver = await startReceiver(t)
  await createWebhook(ben, receiver.url, { types: ['task.created'] })
  await ann.create({ title: 'While ben belongs to it', project_id: project.id })
  await ann.create({ title: 'Not for ben' })
  const { stop } = worker(t, app)
  await waitUntil('the first delivery', () => receiver.received.length === 1)
  await stop()
  await ann.create({ title: 'Read too late', project_id: project.id })
  await removeMember(ann, project, ben)
  await ben.create({ title: 'His own' })
  worker(t, app)
  await waitUntil('the second delivery', () => receiver.received.length === 2)
  t.strictSame(
    receiver.received.map(({ body }) => body.data?.title),
    ['While ben belongs to it', 'His own']
  )
})

t.test('a trial is delivered and can be told from a change', async (t) => {
  const app = await createTestApp(t, { env: LOOPBACK })
  const ann = await app.signUp()
  const receiver = await startReceiver(t)
  receiver.respond = (_, response) => response.writeHead(200).end(`pong${'!'.repeat(2000)}\0`)
  const webhook = await createWebhook(ann, receiver.url)
  const send = (key: string, to = webhook) =>
    ann.send({
      method: 'POST',
      url: webhookUrl(to, '/ping'),
      headers: { 'idempotency-key': key }
    })
  const pinged = await send('once')
  t.equal(pinged.statusCode, 202)
  t.match(pinged.json(), { type: 'ping', status: 'pending', attempts: [] })
  t.strictSame((await send('once')).json(), pinged.json())
  const other = await createWebhook(ann, receiver.url)
  t.match((await send('once', other)).json(), { status: 422, code: 'idempotency_key_reused' })
  worker(t, app)
  const delivery = await lastDelivery(ann, webhook, (it) => it.status === 'succeeded')
  t.match(delivery.attempts, [{ status: 200, error: null, data_omitted: false }])
  t.match(delivery.attempts[0]?.response, /^pong!{1020}$/)
  const [{ headers, text, body }] = receiver.received as [(typeof receiver.received)[number]]
  t.strictSame(new Verifier(webhook.secret).verify(text, headers), body)
  t.match(body, {
    type: 'ping',
    actor_id: ann.user.id,
    resource: { type: 'webhook', id: webhook.id }
  })
  t.strictSame(webhookViolations('ping', { headers, body }), [])
  t.equal(receiver.received.length, 1)
})

t.test('deliveries are listed by status, a page at a time', async (t) => {
  const app = await createTestApp(t, { env: LOOPBACK })
  const ann = await app.signUp()
  const receiver = await startReceiver(t)
  const webhook = await createWebhook(ann, receiver.url)
  for (let i = 0; i < 3; i++) {
    await ann.post(webhookUrl(webhook, '/ping'))
  }
  const url = webhookUrl(webhook, '/deliveries')
  const first = (await ann.get(`${url}?limit=2`)).json()
  t.equal(first.data.length, 2)
  const cursor = first.pagination.next_cursor
  const rest = (await ann.get(`${url}?limit=2&cursor=${cursor}`)).json()
  t.equal(rest.data.length, 1)
  t.ok(first.data[1].id > rest.data[0].id, 'newest first')
  t.equal((await ann.get(`${url}?limit=2&status=failed&cursor=${cursor}`)).statusCode, 400)
  t.equal((await pending(ann, webhook)).length, 3)
  worker(t, app)
  await waitUntil('all of them', () => receiver.received.length === 3)
  await waitUntil('their outcome', async () => (await pending(ann, webhook)).length === 0)
  const one = (await ann.get(`${url}/${rest.data[0].id}`)).json()
  t.match(one, { status: 'succeeded', attempt_count: 1 })
  t.equal((await ann.get(`${url}/${webhook.id}`)).statusCode, 404)
})

const pending = (who: Person, webhook: { id: string }) =>
  deliveriesOf(who, webhook, '&status=pending')

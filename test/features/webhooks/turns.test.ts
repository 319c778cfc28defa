import { isNotNull, sql } from 'drizzle-orm'
import { pino } from 'pino'
import t from 'tap'
import { jobs } from '../../../src/background.ts'
import { createMail } from '../../../src/core/mail.ts'
import { webhookDeliveries } from '../../../src/db/tables/webhooks.ts'
import { presentOf, settled } from '../../support/changes.ts'
import { worker } from '../../support/imports.ts'
import { createTestApp, SECRET } from '../../support/test-app.ts'
import { waitUntil } from '../../support/wait-until.ts'
import {
  createWebhook,
  deliveriesOf,
  LOOPBACK,
  startReceiver,
  webhookUrl
} from '../../support/webhooks.ts'

type TestApp = Awaited<ReturnType<typeof createTestApp>>

/** Returns a function that runs a job of a process once. */
function jobOf({ db, config }: TestApp, name: string) {
  const log = pino({ level: 'silent' })
  const all = jobs({ db, config, log, secrets: [SECRET], mail: createMail(config, log) })
  const job = all.find((it) => it.name === name)
  return async () => job?.runOnce(() => false)
}

t.test('a new webhook gets its turn however many older ones have something new', async (t) => {
  const app = await createTestApp(t)
  const [ann, bob] = [await app.signUp(), await app.signUp()]
  const start = await presentOf(bob)
  const old = await createWebhook(ann, 'https://hooks.example.com/')
  await app.db.execute(sql`
    INSERT INTO webhooks
    SELECT (jsonb_populate_record(
      w, jsonb_build_object('id', '00000000-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))
    )).*
    FROM webhooks w, generate_series(1, 1000) i
    WHERE id = ${old.id}`)
  const added = await createWebhook(bob, 'https://hooks.example.com/')
  await ann.create({ title: 'For many' })
  await bob.create({ title: 'For one' })
  await settled(bob, start)
  const collect = jobOf(app, 'webhooks.collect')
  await collect()
  await collect()
  t.match(await deliveriesOf(bob, added), [{ type: 'task.created' }])
})

t.test('slow receivers of one owner leave room for others', async (t) => {
  const app = await createTestApp(t, { env: LOOPBACK })
  const [ann, bob] = [await app.signUp(), await app.signUp()]
  const [slow, fast] = [await startReceiver(t), await startReceiver(t)]
  slow.respond = () => {}
  const stuck: { id: string }[] = []
  for (let i = 0; i < 20; i++) {
    stuck.push(await createWebhook(ann, slow.url))
  }
  const other = await createWebhook(bob, fast.url)
  const pingAll = async () => {
    for (const webhook of stuck) {
      await ann.post(webhookUrl(webhook, '/ping'))
    }
  }
  await pingAll()
  worker(t, app)
  await waitUntil('one of each', () => slow.received.length === 20)
  await pingAll()
  await waitUntil('as many as there may be', () => slow.received.length >= 25)
  for (let i = 1; i <= 3; i++) {
    await bob.post(webhookUrl(other, '/ping'))
    await waitUntil('the one of the other', () => fast.received.length === i)
  }
  t.equal(slow.received.length, 25)
  slow.respond = (_, response) => response.writeHead(204).end()
  await slow.stop()
})

t.test('whoever only waits for a receiver has nothing to do for others', async (t) => {
  const app = await createTestApp(t, { env: LOOPBACK })
  const ann = await app.signUp()
  const receiver = await startReceiver(t)
  let release = () => {}
  receiver.respond = (_, response) => {
    release = () => response.writeHead(204).end()
  }
  const webhook = await createWebhook(ann, receiver.url)
  await ann.post(webhookUrl(webhook, '/ping'))
  const deliver = jobOf(app, 'webhooks.deliver')
  t.equal(await deliver(), true)
  const waiting = deliver()
  await waitUntil('the request', () => receiver.received.length === 1)
  release()
  t.equal(await waiting, false)
  t.match(await deliveriesOf(ann, webhook), [{ status: 'succeeded', attempt_count: 1 }])
})

t.test(
  'of parallel trials as many are taken as may wait, and more once they are sent',
  async (t) => {
    const app = await createTestApp(t, { env: LOOPBACK })
    const ann = await app.signUp()
    const receiver = await startReceiver(t)
    const [webhook, other] = [
      await createWebhook(ann, receiver.url),
      await createWebhook(ann, receiver.url)
    ]
    const ping = (to = webhook) => ann.post(webhookUrl(to, '/ping'))
    for (let i = 0; i < 97; i++) {
      await ping()
    }
    const responses = await Promise.all(Array.from({ length: 8 }, () => ping()))
    t.equal(responses.filter((it) => it.statusCode === 202).length, 3)
    const refused = responses.filter((it) => it.statusCode !== 202).map((it) => it.json())
    t.match(refused, Array(5).fill({ status: 403, code: 'quota_exceeded', detail: /100 pings/ }))
    t.equal((await deliveriesOf(ann, webhook)).length, 100)
    t.equal((await ping(other)).statusCode, 202)
    worker(t, app)
    await waitUntil('they are sent', () => receiver.received.length === 101)
    await waitUntil('there is room', async () => (await ping()).statusCode === 202)
  }
)

t.test('deliveries that wait push none out of the history of those that ended', async (t) => {
  const app = await createTestApp(t)
  const ann = await app.signUp()
  const start = await presentOf(ann)
  const webhook = await createWebhook(ann, 'https://hooks.example.com/')
  await ann.post(webhookUrl(webhook, '/ping'))
  await app.db.execute(sql`
    INSERT INTO webhook_deliveries
      (owner_id, webhook_id, id, change_id, type, change, status, next_attempt_at, finished_at)
    SELECT
      owner_id, webhook_id, ('00000000-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid, change_id, type, change,
      CASE WHEN i <= 4000 THEN 'failed' ELSE 'pending' END,
      CASE WHEN i > 4000 THEN now() + interval '1 hour' END,
      CASE WHEN i <= 4000 THEN now() END
    FROM webhook_deliveries, generate_series(1, 13000) i`)
  await ann.create({ title: 'New' })
  await settled(ann, start)
  await jobOf(app, 'webhooks.collect')()
  t.match((await deliveriesOf(ann, webhook)).at(-1), { type: 'task.created' })
  const ended = isNotNull(webhookDeliveries.finished_at)
  t.equal(await app.db.$count(webhookDeliveries, ended), 4000)
})

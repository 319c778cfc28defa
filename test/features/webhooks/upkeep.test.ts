import { eq, sql } from 'drizzle-orm'
import t from 'tap'
import { watchBackgroundWork } from '../../../src/background.ts'
import { createMetrics } from '../../../src/core/metrics.ts'
import { webhookDeliveries, webhooks } from '../../../src/db/tables/webhooks.ts'
import { worker } from '../../support/imports.ts'
import { runScheduled } from '../../support/scheduled.ts'
import { createTestApp } from '../../support/test-app.ts'
import { waitUntil } from '../../support/wait-until.ts'
import {
  createWebhook,
  deliveriesOf,
  LOOPBACK,
  lastDelivery,
  makeAllDue,
  startReceiver,
  webhookUrl
} from '../../support/webhooks.ts'

const metrics = createMetrics()
const app = await createTestApp(t, { env: LOOPBACK })
const { db, signUp } = app

const metric = async (name: string): Promise<number> =>
  Number(
    (await metrics.registry.metrics())
      .split('\n')
      .find((it) => it.startsWith(`${name} `))
      ?.split(' ')[1]
  )

/** Copies the only delivery of a webhook many times, as if these had been before it. */
const multiply = (id: string, count: number) =>
  db.execute(sql`
    INSERT INTO webhook_deliveries
      (owner_id, webhook_id, id, change_id, type, change, status, next_attempt_at, finished_at)
    SELECT
      owner_id, webhook_id, ('00000000-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid, change_id, type, change,
      status, next_attempt_at, finished_at
    FROM webhook_deliveries, generate_series(1, ${count}::int) i
    WHERE webhook_id = ${id}`)

t.test('deliveries are deleted after thirty days, however many there are', async (t) => {
  const ann = await signUp()
  const webhook = await createWebhook(ann, 'https://hooks.example.com/')
  await ann.post(webhookUrl(webhook, '/ping'))
  await multiply(webhook.id, 2500)
  await db.execute(sql`
    UPDATE webhook_deliveries
    SET created_at = now() - interval '31 days', finished_at = now(), next_attempt_at = NULL`)
  await ann.post(webhookUrl(webhook, '/ping'))
  t.equal(await runScheduled(app, 'webhooks.purge'), 2501)
  t.equal((await deliveriesOf(ann, webhook)).length, 1)
  await ann.send({ method: 'DELETE', url: webhookUrl(webhook) })
  t.equal(await db.$count(webhookDeliveries), 0)
})

t.test('what has not been delivered is kept as long as the feed', async (t) => {
  const ann = await signUp()
  const webhook = await createWebhook(ann, 'https://hooks.example.com/')
  const waiting = (await ann.post(webhookUrl(webhook, '/ping'))).json()
  await ann.post(webhookUrl(webhook, '/ping'))
  await db.execute(sql`
    UPDATE webhook_deliveries
    SET
      created_at = now() - interval '31 days',
      finished_at = CASE WHEN id <> ${waiting.id} THEN now() END,
      next_attempt_at = CASE WHEN id = ${waiting.id} THEN now() END`)
  const longer = { ...app, config: { ...app.config, CHANGES_RETENTION_DAYS: 40 } }
  t.equal(await runScheduled(longer, 'webhooks.purge'), 1)
  t.match(await deliveriesOf(ann, webhook), [{ id: waiting.id }])
  const shorter = { ...app, config: { ...app.config, CHANGES_RETENTION_DAYS: 5 } }
  await db.execute(sql`UPDATE webhook_deliveries SET created_at = now() - interval '29 days'`)
  t.equal(await runScheduled(shorter, 'webhooks.purge'), 0)
  await db.execute(sql`UPDATE webhook_deliveries SET created_at = now() - interval '41 days'`)
  t.equal(await runScheduled(longer, 'webhooks.purge'), 1)
  await ann.send({ method: 'DELETE', url: webhookUrl(webhook) })
})

t.test('changes wait in the feed while as many deliveries wait as may', async (t) => {
  const ann = await signUp()
  const receiver = await startReceiver(t)
  const webhook = await createWebhook(ann, receiver.url)
  await ann.post(webhookUrl(webhook, '/ping'))
  await db.execute(sql`UPDATE webhook_deliveries SET next_attempt_at = now() + interval '1 hour'`)
  await multiply(webhook.id, 9999)
  await ann.create({ title: 'Has to wait' })
  const working = worker(t, app)
  await waitUntil('it is put off', async () => {
    const [row] = await db.select({ until: webhooks.leased_until }).from(webhooks)
    return Date.parse(String(row?.until)) > Date.now() + 20_000
  })
  t.equal(await db.$count(webhookDeliveries), 10_000)
  t.equal(receiver.received.length, 0)
  await db.execute(sql`
    UPDATE webhook_deliveries
    SET status = 'failed', next_attempt_at = NULL, finished_at = now()`)
  await db.execute(sql`UPDATE webhooks SET leased_until = NULL`)
  await waitUntil('the change', () => receiver.received.length === 1)
  t.match(receiver.received, [{ body: { data: { title: 'Has to wait' } } }])
  await lastDelivery(ann, webhook, ({ status }) => status === 'succeeded')
  const oldest = eq(webhookDeliveries.id, '00000000-0000-7000-8000-000000000001')
  t.equal(await db.$count(webhookDeliveries, oldest), 1)
  await ann.create({ title: 'Comes next' })
  await waitUntil('the oldest is deleted', async () => {
    return (await db.$count(webhookDeliveries, oldest)) === 0
  })
  t.equal(await db.$count(webhookDeliveries), 10_001)
  await working.stop()
  await ann.send({ method: 'DELETE', url: webhookUrl(webhook) })
})

t.test('metrics say how attempts end, and how long something has been due', async (t) => {
  watchBackgroundWork(metrics, db)
  const ann = await signUp()
  const receiver = await startReceiver(t)
  const webhook = await createWebhook(ann, receiver.url)
  t.equal(await metric('tasklane_webhook_oldest_due_seconds'), 0)
  await ann.post(webhookUrl(webhook, '/ping'))
  await db.execute(
    sql`UPDATE webhook_deliveries SET next_attempt_at = now() - interval '10 minutes'`
  )
  t.ok((await metric('tasklane_webhook_oldest_due_seconds')) >= 600)
  receiver.respond = (_, response) => response.writeHead(500).end()
  worker(t, { ...app, metrics })
  const attempts = (outcome: string) =>
    metric(`tasklane_webhook_attempts_total{outcome="${outcome}"}`)
  await waitUntil('a failure', async () => (await attempts('retried')) === 1)
  t.equal(await metric('tasklane_webhooks_failing'), 1)
  receiver.respond = (_, response) => response.writeHead(204).end()
  await makeAllDue(db)
  await waitUntil('a success', async () => (await attempts('succeeded')) === 1)
  t.equal(await metric('tasklane_webhooks_failing'), 0)
  t.equal(await metric('tasklane_webhook_oldest_due_seconds'), 0)
})

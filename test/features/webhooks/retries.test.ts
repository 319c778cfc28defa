import type { ServerResponse } from 'node:http'
import { eq, sql } from 'drizzle-orm'
import t from 'tap'
import { webhooks } from '../../../src/db/tables/webhooks.ts'
import { auditEntries } from '../../support/audit-log.ts'
import { emailsTo } from '../../support/emails.ts'
import { worker } from '../../support/imports.ts'
import { createTestApp } from '../../support/test-app.ts'
import { waitUntil } from '../../support/wait-until.ts'
import {
  createWebhook,
  LOOPBACK,
  lastDelivery,
  makeAllDue,
  readWebhook,
  secondsUntil,
  startReceiver,
  webhookUrl
} from '../../support/webhooks.ts'

/** Seconds from one attempt to the next, as they are promised. */
const WAITS = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]

const app = await createTestApp(t, { env: LOOPBACK })
const { db, mail } = app
worker(t, app)
let count = 0

/** Somebody with a receiver and a webhook, to which a trial is sent. */
async function begin(t: Parameters<typeof startReceiver>[0]) {
  count++
  const email = `ann-${count}@example.com`
  const ann = await app.signUp('user', `ann-${count}`, { email })
  await db.execute(sql`UPDATE users SET email_verified = true WHERE id = ${ann.user.id}`)
  const receiver = await startReceiver(t)
  const webhook = await createWebhook(ann, receiver.url)
  const ping = () => ann.post(webhookUrl(webhook, '/ping'))
  const attempted = (times: number) =>
    lastDelivery(ann, webhook, (it) => it.attempt_count === times && it.attempts.length > 0)
  return { ann, email, receiver, webhook, ping, attempted }
}

t.test('a receiver that fails is tried again, later each time, and then given up', async (t) => {
  const { receiver, ping, attempted } = await begin(t)
  receiver.respond = (_, response) => response.writeHead(500).end('no')
  await ping()
  for (const [i, seconds] of WAITS.entries()) {
    const delivery = await attempted(i + 1)
    t.match(delivery, { status: 'pending', finished_at: null })
    t.match(delivery.attempts.at(-1), {
      status: 500,
      error: 'The receiver responded with 500.',
      response: 'no'
    })
    const waits = secondsUntil(delivery)
    t.ok(waits > seconds - 15 && waits <= seconds * 1.1, `${i + 1}: ${waits} s`)
    await makeAllDue(db)
  }
  const given = await attempted(10)
  t.strictSame(
    given.attempts.map(({ response }) => response),
    [...Array(7).fill(null), 'no', 'no', 'no']
  )
  t.match(given, {
    status: 'failed',
    next_attempt_at: null,
    attempts: { length: 10 }
  })
  t.equal(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size, 1)
})

t.test('a receiver that recovers gets what it has missed', async (t) => {
  const { ann, webhook, receiver, ping, attempted } = await begin(t)
  receiver.respond = (_, response) =>
    response.writeHead(receiver.received.length < 3 ? 503 : 204).end()
  await ping()
  for (const times of [1, 2]) {
    await attempted(times)
    await makeAllDue(db)
  }
  const delivery = await attempted(3)
  t.equal(delivery.status, 'succeeded')
  t.strictSame(
    delivery.attempts.map(({ status }) => status),
    [503, 503, 204]
  )
  t.equal((await readWebhook(ann, webhook)).enabled, true)
})

t.test('a receiver that is down is a failure in words', async (t) => {
  const { receiver, ping, attempted } = await begin(t)
  await receiver.stop()
  await ping()
  t.match((await attempted(1)).attempts, [
    { status: null, error: 'The connection was refused.', response: null }
  ])
})

t.test('redirects are failures and are not followed', async (t) => {
  const { receiver, ping, attempted } = await begin(t)
  const other = await startReceiver(t)
  const statuses = [301, 302, 303, 307, 308]
  for (const [i, status] of statuses.entries()) {
    receiver.respond = (_, response) => response.writeHead(status, { location: other.url }).end()
    await (i === 0 ? ping() : makeAllDue(db))
    const attempt = (await attempted(i + 1)).attempts.at(-1)
    t.match(attempt, { status, error: /redirects are not followed/ })
  }
  t.equal(other.received.length, 0)
})

t.test('Retry-After is honoured, up to a day', async (t) => {
  const { receiver, ping, attempted } = await begin(t)
  const inTwoHours = new Date(Date.now() + 7_200_000).toUTCString()
  const asked: [header: string, least: number, most: number][] = [
    ['120', 100, 120],
    [inTwoHours, 7100, 7200],
    ['999999999', 86_300, 86_400],
    ['soon', 7100, 7920],
    ['-5', 17_900, 19_800]
  ]
  for (const [i, [header, least, most]] of asked.entries()) {
    receiver.respond = (_, response) => response.writeHead(429, { 'retry-after': header }).end()
    await (i === 0 ? ping() : makeAllDue(db))
    const waits = secondsUntil(await attempted(i + 1))
    t.ok(waits > least && waits <= most, `${header}: ${waits} s`)
  }
})

t.test('a receiver that is gone disables the webhook and its owner is told', async (t) => {
  const { ann, email, receiver, webhook, ping, attempted } = await begin(t)
  receiver.respond = (_, response) => response.writeHead(410).end()
  await ping()
  await attempted(1)
  t.match(await readWebhook(ann, webhook), {
    enabled: false,
    disabled_reason: 'receiver_gone',
    version: 2
  })
  const [told] = await emailsTo(mail, email)
  t.match(told, { subject: 'A webhook of your account was disabled', text: new RegExp(webhook.id) })
  t.notMatch(told?.text, receiver.url)
  const entries = await auditEntries(db)
  t.match(
    entries.filter((it) => it.action === 'webhook.disabled'),
    [{ subject_id: webhook.id, detail: 'receiver_gone', actor_id: null }]
  )
  const task = await ann.create({ title: 'While it was disabled' })
  receiver.respond = (_, response) => response.writeHead(204).end()
  await ann.send({ method: 'PATCH', url: webhookUrl(webhook), payload: { enabled: true } })
  t.match(await readWebhook(ann, webhook), { enabled: true, disabled_reason: null })
  await waitUntil('what has happened meanwhile', () =>
    receiver.received.some(({ body }) => body.data?.id === task.id)
  )
})

t.test(
  'five days of failures disable the webhook, and one success among them does not',
  async (t) => {
    const { ann, webhook, receiver, ping, attempted } = await begin(t)
    const failSince = (days: number) =>
      db.execute(sql`
      UPDATE webhooks
      SET failing_since = now() - make_interval(days => ${days}::int)
      WHERE id = ${webhook.id}`)
    receiver.respond = (_, response) => response.writeHead(500).end()
    await ping()
    await attempted(1)
    await failSince(4)
    await makeAllDue(db)
    await attempted(2)
    t.equal((await readWebhook(ann, webhook)).enabled, true)
    await failSince(6)
    receiver.respond = (_, response) => response.writeHead(200).end()
    await makeAllDue(db)
    await attempted(3)
    receiver.respond = (_, response) => response.writeHead(500).end()
    await ping()
    await attempted(1)
    t.equal((await readWebhook(ann, webhook)).enabled, true)
    await failSince(6)
    await makeAllDue(db)
    await attempted(2)
    t.match(await readWebhook(ann, webhook), {
      enabled: false,
      disabled_reason: 'receiver_failing'
    })
  }
)

t.test(
  'a delivery is sent again when it is asked for, with the same id and all its retries',
  async (t) => {
    const { ann, webhook, receiver, ping, attempted } = await begin(t)
    await ping()
    const { id } = await attempted(1)
    receiver.respond = (_, response) => response.writeHead(500).end()
    const again = await ann.post(webhookUrl(webhook, `/deliveries/${id}/redeliver`))
    t.equal(again.statusCode, 202)
    t.match(again.json(), { id, status: 'pending', attempt_count: 0 })
    const delivery = await lastDelivery(ann, webhook, (it) => it.attempts.length === 2)
    t.match(delivery, { status: 'pending', attempt_count: 1 })
    t.ok(secondsUntil(delivery) < 10)
    t.equal(new Set(receiver.ids()).size, 1)
  }
)

t.test('what the receiver of an old URL says late is not held against the new one', async (t) => {
  const { ann, email, receiver, webhook, ping } = await begin(t)
  const readFailing = async () => {
    const isIt = eq(webhooks.id, webhook.id)
    const [row] = await db.select({ since: webhooks.failing_since }).from(webhooks).where(isIt)
    return row?.since
  }
  const late: ServerResponse[] = []
  receiver.respond = (_, response) => late.push(response)
  const patch = (payload: object) =>
    ann.send({ method: 'PATCH', url: webhookUrl(webhook), payload })
  const attempted = (id: string) =>
    waitUntil('the attempt', async () => {
      const delivery = (await ann.get(webhookUrl(webhook, `/deliveries/${id}`))).json()
      return delivery.attempt_count === 1
    })
  const gone = (await ping()).json()
  await waitUntil('a request', () => late.length === 1)
  await patch({ url: `${receiver.url}/repaired` })
  late[0]?.writeHead(410).end()
  await attempted(gone.id)
  t.match(await readWebhook(ann, webhook), { enabled: true, disabled_reason: null, version: 2 })
  t.equal(await readFailing(), null)
  const subjects = (await emailsTo(mail, email)).map(({ subject }) => subject)
  t.notOk(subjects.includes('A webhook of your account was disabled'))
  await db.execute(sql`
    UPDATE webhook_deliveries SET next_attempt_at = now() + interval '1 hour' WHERE id = ${gone.id}`)
  const works = (await ping()).json()
  await waitUntil('another request', () => late.length === 2)
  await patch({ url: `${receiver.url}/broken` })
  await db.execute(sql`UPDATE webhooks SET failing_since = now() WHERE id = ${webhook.id}`)
  late[1]?.writeHead(204).end()
  await attempted(works.id)
  t.type(await readFailing(), 'string')
})

t.test('a delivery is not sent again while it is being sent', async (t) => {
  const { ann, webhook, receiver, ping, attempted } = await begin(t)
  let release = () => {}
  receiver.respond = (_, response) => {
    release = () => response.writeHead(204).end()
  }
  const { id } = (await ping()).json()
  await waitUntil('the request', () => receiver.received.length === 1)
  const again = () => ann.post(webhookUrl(webhook, `/deliveries/${id}/redeliver`))
  const refused = await again()
  t.match(refused.json(), { status: 409, code: 'delivery_in_flight' })
  const redelivered = async () =>
    (await auditEntries(db)).filter(
      (it) => it.action === 'webhook.redelivered' && it.subject_id === webhook.id
    )
  t.strictSame(await redelivered(), [])
  release()
  t.match(await attempted(1), { status: 'succeeded' })
  t.equal((await again()).statusCode, 202)
  t.match(await redelivered(), [{ detail: `delivery ${id}` }])
})

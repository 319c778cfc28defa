import { sql } from 'drizzle-orm'
import { pino } from 'pino'
import t from 'tap'
import { jobs } from '../../../src/background.ts'
import { startJobRunner } from '../../../src/core/job-runner.ts'
import { executeRows } from '../../../src/db/rows.ts'
import { createTestApp, SECRET } from '../../support/test-app.ts'
import { waitUntil } from '../../support/wait-until.ts'
import { createWebhook, LOOPBACK, startReceiver, webhookUrl } from '../../support/webhooks.ts'

const app = await createTestApp(t, { env: LOOPBACK })
const { db, config, mail } = app
const log = pino({ level: 'silent' })

t.test(
  'a worker that stops after a failed run gives back what is in flight, and starts nothing more',
  async (t) => {
    const ann = await app.signUp()
    const receiver = await startReceiver(t)
    receiver.respond = () => {}
    const webhook = await createWebhook(ann, receiver.url)
    await ann.post(webhookUrl(webhook, '/ping'))
    const stopped = Promise.withResolvers<void>()
    const runner = startJobRunner(
      jobs({ db, config, mail, log, secrets: [SECRET] }),
      log,
      (job, outcome) => {
        if (job === 'webhooks.deliver' && outcome === 'failed') {
          stopped.resolve(runner.stop())
        }
      }
    )
    t.teardown(runner.stop)
    await waitUntil('the attempt', () => receiver.received.length === 1)
    // From here on no run can look for what is due.
    await db.execute(sql`ALTER TABLE webhooks RENAME COLUMN enabled TO was_enabled`)
    await stopped.promise
    await db.execute(sql`ALTER TABLE webhooks RENAME COLUMN was_enabled TO enabled`)
    const rows = await executeRows(
      db,
      sql`
      SELECT leased_until, attempt_count, next_attempt_at <= now() AS is_due
      FROM webhook_deliveries
      WHERE webhook_id = ${webhook.id}`
    )
    t.strictSame([...rows], [{ leased_until: null, attempt_count: 0, is_due: true }])
    t.equal(receiver.received.length, 1)
  }
)

import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { eq, sql } from 'drizzle-orm'
import { pino } from 'pino'
import { Webhook as Verifier } from 'standardwebhooks'
import t, { type Test } from 'tap'
import { jobs } from '../../../src/background.ts'
import { startJobRunner } from '../../../src/core/job-runner.ts'
import type { Secrets } from '../../../src/core/secrets.ts'
import { webhooks } from '../../../src/db/tables/webhooks.ts'
import { scheduledIn } from '../../support/scheduled.ts'
import { createTestApp, SECRET } from '../../support/test-app.ts'
import { waitUntil } from '../../support/wait-until.ts'
import {
  createWebhook,
  LOOPBACK,
  type Received,
  readWebhook,
  startReceiver,
  webhookUrl
} from '../../support/webhooks.ts'

const PYTHON_VERSION = '1.1.0'
const FOLDER = fileURLToPath(
  new URL(`../../../.tools/standardwebhooks-${PYTHON_VERSION}`, import.meta.url)
)
const NEXT_SECRET = 'only for tests: fedcba9876543210fedcba9876543210'

const app = await createTestApp(t, { env: LOOPBACK })
const { db, config, mail } = app

/** A worker of an installation with these secrets. */
function workerWith(t: Test, secrets: Secrets) {
  const log = pino({ level: 'silent' })
  const runner = startJobRunner(jobs({ db, config, mail, log, secrets }), log)
  t.teardown(runner.stop)
  return runner
}

const verifies = (secret: string, { text, headers }: Received): boolean => {
  try {
    new Verifier(secret).verify(text, headers)
    return true
  } catch {
    return false
  }
}

/** Installs the package of Python; returns why it cannot be. */
function pythonMissing(): string | false {
  try {
    if (!existsSync(join(FOLDER, 'standardwebhooks'))) {
      const install = [
        '-m',
        'pip',
        'install',
        '--quiet',
        '--disable-pip-version-check',
        '--no-deps'
      ]
      const wanted = ['--target', FOLDER, `standardwebhooks==${PYTHON_VERSION}`]
      execFileSync('python3', [...install, ...wanted], { stdio: 'ignore' })
    }
    return false
  } catch {
    return 'pip cannot install the package of Python here'
  }
}

const PYTHON = `
import json, sys
from standardwebhooks import Webhook
given = json.load(sys.stdin)
change = Webhook(given["secret"]).verify(given["text"], given["headers"])
try:
    Webhook(given["secret"]).verify(given["text"] + " ", given["headers"])
except Exception:
    print(json.dumps(change))
`

t.test('the verifier of Python accepts what it gets', { skip: pythonMissing() }, async (t) => {
  const ann = await app.signUp()
  const receiver = await startReceiver(t)
  const { secret } = await createWebhook(ann, receiver.url)
  await ann.create({ title: 'Grün streichen 🎨 "\u2028' })
  workerWith(t, [SECRET])
  await waitUntil('a delivery', () => receiver.received.length === 1)
  const [{ text, headers, body }] = receiver.received as [Received]
  const printed = execFileSync('python3', ['-c', PYTHON], {
    input: JSON.stringify({ secret, text, headers }),
    env: { ...process.env, PYTHONPATH: FOLDER },
    encoding: 'utf8'
  })
  t.strictSame(JSON.parse(printed), body)
})

t.test('for a day after a secret was replaced both sign, then the new one alone', async (t) => {
  const ann = await app.signUp()
  const receiver = await startReceiver(t)
  const webhook = await createWebhook(ann, receiver.url)
  const rotate = () => ann.post(webhookUrl(webhook, '/rotate-secret'))
  const rotated = await rotate()
  t.equal(rotated.statusCode, 200)
  const { secret, ...shown } = rotated.json()
  t.not(secret, webhook.secret)
  t.equal(shown.version, 2)
  const hours = (Date.parse(shown.previous_secret_until) - Date.now()) / 3_600_000
  t.ok(hours > 23.9 && hours <= 24.1)
  t.strictSame(await readWebhook(ann, webhook), shown)
  workerWith(t, [SECRET])
  const ping = async (count: number) => {
    await ann.post(webhookUrl(webhook, '/ping'))
    await waitUntil('a delivery', () => receiver.received.length === count)
    return receiver.received.at(-1) as Received
  }
  const first = await ping(1)
  t.equal(first.headers['webhook-signature']?.split(' ').length, 2)
  t.ok(verifies(webhook.secret, first) && verifies(secret, first))
  t.notOk(verifies(secret, { ...first, text: `${first.text} ` }), 'another body')
  await db.execute(sql`UPDATE webhooks SET previous_secret_until = now() - interval '1 second'`)
  const second = await ping(2)
  t.notOk(verifies(webhook.secret, second))
  t.ok(verifies(secret, second))
  t.equal((await readWebhook(ann, webhook)).previous_secret_until, null)
})

t.test(
  'a second rotation within the day leaves the receiver the secret that it knows',
  async (t) => {
    const ann = await app.signUp()
    const receiver = await startReceiver(t)
    const webhook = await createWebhook(ann, receiver.url)
    const rotate = async () => (await ann.post(webhookUrl(webhook, '/rotate-secret'))).json()
    const [lost, known] = [await rotate(), await rotate()]
    t.equal(known.previous_secret_until, lost.previous_secret_until, 'the day is not prolonged')
    workerWith(t, [SECRET])
    await ann.post(webhookUrl(webhook, '/ping'))
    await waitUntil('a delivery', () => receiver.received.length === 1)
    const [first] = receiver.received as [Received]
    t.strictSame(
      [webhook, lost, known].map(({ secret }) => verifies(secret, first)),
      [true, false, true]
    )
    await db.execute(sql`UPDATE webhooks SET previous_secret_until = now() - interval '1 second'`)
    await rotate()
    await ann.post(webhookUrl(webhook, '/ping'))
    await waitUntil('a delivery', () => receiver.received.length === 2)
    const second = receiver.received.at(-1) as Received
    t.notOk(verifies(webhook.secret, second), 'its day is over')
    t.ok(verifies(known.secret, second))
  }
)

t.test('secrets of webhooks outlive the secret of the installation', async (t) => {
  const ann = await app.signUp()
  const receiver = await startReceiver(t)
  const webhook = await createWebhook(ann, receiver.url)
  const before = await db.select({ secret: webhooks.secret }).from(webhooks)
  const during = workerWith(t, [NEXT_SECRET, SECRET])
  await waitUntil('another seal', async () => {
    const now = await db.select({ secret: webhooks.secret }).from(webhooks)
    return now.every(({ secret }) => !before.some((old) => old.secret === secret))
  })
  await during.stop()
  await ann.post(webhookUrl(webhook, '/ping'))
  const after = workerWith(t, [NEXT_SECRET])
  await waitUntil('a delivery', () => receiver.received.length === 1)
  t.ok(verifies(webhook.secret, receiver.received[0] as Received))
  await after.stop()
})

/** Runs what seals secrets anew, in a process of its own, until it finds nothing. */
function resealer(secrets: Secrets) {
  const log = pino({ level: 'silent' })
  const job = jobs({ db, config, mail, log, secrets }).find(
    ({ name }) => name === 'webhooks.reseal'
  )
  return async () => {
    while (await job?.runOnce(() => false)) {
      // Until it finds nothing.
    }
  }
}

const sealedOf = async ({ id }: { id: string }) => {
  const { secret, previous_secret } = webhooks
  return db.select({ secret, previous_secret }).from(webhooks).where(eq(webhooks.id, id))
}

t.test('a secret that cannot be opened now is not thrown away', async (t) => {
  const ann = await app.signUp()
  const receiver = await startReceiver(t)
  const webhook = await createWebhook(ann, receiver.url)
  const rotated = (await ann.post(webhookUrl(webhook, '/rotate-secret'))).json()
  const before = await sealedOf(webhook)
  await resealer([NEXT_SECRET])()
  t.strictSame(await sealedOf(webhook), before)
  await resealer([NEXT_SECRET, SECRET])()
  await ann.post(webhookUrl(webhook, '/ping'))
  workerWith(t, [NEXT_SECRET])
  await waitUntil('a delivery', () => receiver.received.length === 1)
  const [delivery] = receiver.received as [Received]
  t.ok(verifies(webhook.secret, delivery) && verifies(rotated.secret, delivery))
})

t.test('secrets that others seal with the old one meanwhile are sealed anew later', async (t) => {
  const ann = await app.signUp()
  const receiver = await startReceiver(t)
  const reseal = scheduledIn({ db, config, secrets: [NEXT_SECRET, SECRET] }, 'webhooks.reseal')
  await reseal()
  const webhook = await createWebhook(ann, receiver.url)
  t.equal(await reseal(), 1)
  t.equal(await reseal(), 0)
  await ann.post(webhookUrl(webhook, '/ping'))
  workerWith(t, [NEXT_SECRET])
  await waitUntil('a delivery', () => receiver.received.length === 1)
  t.ok(verifies(webhook.secret, receiver.received[0] as Received))
})

t.test('a secret that nobody can read any more sends nothing, and says what helps', async (t) => {
  const ann = await app.signUp()
  const receiver = await startReceiver(t)
  const webhook = await createWebhook(ann, receiver.url)
  const { id } = (await ann.post(webhookUrl(webhook, '/ping'))).json()
  workerWith(t, ['only for tests: abcdefabcdefabcdefabcdefabcdef'])
  const url = webhookUrl(webhook, `/deliveries/${id}`)
  let attempts: object[] = []
  await waitUntil('an attempt', async () => {
    attempts = (await ann.get(url)).json().attempts
    return attempts.length > 0
  })
  t.match(attempts, [{ status: null, error: /rotate-secret/ }])
  t.equal(receiver.received.length, 0)
})

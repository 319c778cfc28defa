import { sql } from 'drizzle-orm'
import t from 'tap'
import { openDatabase } from '../../src/db/client.ts'
import { call, logIn, startServer, startWorker } from '../support/command.ts'
import { createTestDatabase, serverUrl } from '../support/database.ts'
import { PASSWORD } from '../support/test-app.ts'
import { waitUntil } from '../support/wait-until.ts'
import { LOOPBACK, startReceiver } from '../support/webhooks.ts'

const KILLS = Number(process.env.WEBHOOK_CRASH_KILLS ?? 4)
const SEED = Number(process.env.WEBHOOK_CRASH_SEED ?? Math.floor(Math.random() * 2 ** 31))
const TASKS = 60
/** Attempts at one webhook at the same time. */
const IN_FLIGHT = 5
/** Processes start one after the other. */
const PATIENT_MS = 60_000

const cwd = t.testdir()
const database = serverUrl === undefined ? undefined : await createTestDatabase()
t.teardown(() => database?.close())
const env: Record<string, string> = {
  ...LOOPBACK,
  RATE_LIMIT: 'off',
  DATA_DIR: cwd,
  DRAIN_SECONDS: '0',
  ...(database?.url && { DATABASE_URL: database.url })
}

let state = SEED
/** Returns the same points for the same seed (a linear congruential generator, Numerical Recipes). */
const random = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return state / 2 ** 32
}

/** Lets the leases of a process end that was killed; a restarted one on the embedded database needs no help. */
async function endLeases(): Promise<void> {
  if (database?.url === undefined) {
    return
  }
  const { db, close } = await openDatabase({ url: database.url, dataDir: '', pool: 1 })
  await db.execute(sql`UPDATE webhooks SET leased_until = NULL`)
  await db.execute(sql`
    UPDATE webhook_deliveries
    SET next_attempt_at = now(), leased_until = NULL
    WHERE leased_until IS NOT NULL`)
  await close()
}

t.test(
  'when the process is killed at random points, every change is delivered at least once',
  async (t) => {
    t.comment(`seed ${SEED}`)
    const receiver = await startReceiver(t)
    let server = await startServer(t, env, cwd)
    await call(`${server.url}/api/v1/auth/register`, {
      method: 'POST',
      body: { username: 'ann', password: PASSWORD }
    })
    let token = await logIn(server.url, 'ann')
    const send = async (path: string, body?: object) => {
      const method = body ? 'POST' : 'GET'
      return call(`${server.url}/api/v1${path}`, { method, token, ...(body && { body }) })
    }
    await send('/webhooks', { url: receiver.url })
    let inTheMiddle = 0
    for (let kill = 0; kill < KILLS; kill++) {
      const before = receiver.received.length
      const point = Math.floor(random() * TASKS)
      const answered = Promise.withResolvers<void>()
      const killed = new Promise<void>((resolve) => {
        receiver.respond = (_, response) => {
          if (receiver.received.length - before > point) {
            inTheMiddle++
            receiver.respond = () => {}
            // The first changes may be delivered before those who made them are answered.
            answered.promise.then(() => server.stop('SIGKILL')).then(() => resolve())
          } else {
            response.writeHead(204).end()
          }
        }
      })
      const operations = Array.from({ length: TASKS }, (_, i) => ({
        op: 'create',
        data: { title: `Task ${i} of round ${kill}` }
      }))
      t.equal((await send('/task-batches', { operations })).status, 200)
      answered.resolve()
      await killed
      receiver.respond = (_, response) => response.writeHead(204).end()
      await endLeases()
      server = await startServer(t, env, cwd)
      token = await logIn(server.url, 'ann')
      const expected = TASKS * (kill + 1)
      const accepted = () => new Set(receiver.ids()).size
      await waitUntil(`${expected} changes`, () => accepted() === expected, PATIENT_MS)
    }
    t.equal(inTheMiddle, KILLS)
    const tasks = (await send('/tasks?limit=100')).body.data as { id: string }[]
    const delivered = new Set(receiver.received.map(({ body }) => body.data?.id))
    t.ok(tasks.every(({ id }) => delivered.has(id)))
    const repeated = receiver.received.length - TASKS * KILLS
    t.ok(repeated >= 1 && repeated <= KILLS * IN_FLIGHT, `${repeated} were repeated`)
    t.equal((await server.stop('SIGTERM')).code, 0)
  }
)

t.test(
  'a server without worker leaves webhooks alone, and a stopped worker loses nothing',
  { skip: serverUrl === undefined && 'the embedded database has one process' },
  async (t) => {
    const receiver = await startReceiver(t)
    receiver.respond = () => {}
    const server = await startServer(t, { ...env, WORKER_ENABLED: 'off' }, cwd)
    const token = await logIn(server.url, 'ann')
    const send = (path: string, body: object) =>
      call(`${server.url}/api/v1${path}`, { method: 'POST', token, body })
    const { body: webhook } = await send('/webhooks', {
      url: receiver.url,
      types: ['task.deleted']
    })
    await send(`/webhooks/${webhook.id}/ping`, {})
    const first = await startWorker(t, env, cwd)
    await waitUntil('the attempt', () => receiver.received.length === 1, PATIENT_MS)
    t.equal((await first.stop('SIGTERM')).code, 0, 'it does not wait for the receiver')
    receiver.respond = (_, response) => response.writeHead(204).end()
    const second = await startWorker(t, env, cwd)
    await waitUntil('the other attempt', () => receiver.received.length === 2, PATIENT_MS)
    t.equal(new Set(receiver.ids()).size, 1)
    t.equal((await second.stop('SIGTERM')).code, 0)
    t.equal((await server.stop('SIGTERM')).code, 0)
  }
)

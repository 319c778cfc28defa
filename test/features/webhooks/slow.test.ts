import type { AddressInfo } from 'node:net'
import { createServer, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { bounded } from '../../../src/features/webhooks/payload.ts'
import { createSend, type Resolve } from '../../../src/features/webhooks/send.ts'
import { createTargetRules } from '../../../src/features/webhooks/target.ts'
import { worker } from '../../support/imports.ts'
import { createTestApp } from '../../support/test-app.ts'
import { waitUntil } from '../../support/wait-until.ts'
import { createWebhook, LOOPBACK, startReceiver, webhookUrl } from '../../support/webhooks.ts'

t.test(
  'a receiver that does not respond delays no other, and has five requests at most',
  async (t) => {
    const app = await createTestApp(t, { env: LOOPBACK })
    const [ann, bob] = [await app.signUp(), await app.signUp()]
    const [slow, fast] = [await startReceiver(t), await startReceiver(t)]
    let [open, most] = [0, 0]
    slow.respond = (_, response) => {
      most = Math.max(most, ++open)
      // An attempt that has taken too long ends, and another may take its place.
      response.on('close', () => open--)
    }
    const stuck = await createWebhook(ann, slow.url)
    const own = await createWebhook(ann, fast.url)
    const other = await createWebhook(bob, fast.url)
    for (let i = 0; i < 12; i++) {
      await ann.post(webhookUrl(stuck, '/ping'))
    }
    // Two processes share the bound.
    worker(t, app)
    worker(t, app)
    await waitUntil('the first five', () => slow.received.length === 5)
    for (let i = 0; i < 12; i++) {
      await ann.post(webhookUrl(own, '/ping'))
      await bob.post(webhookUrl(other, '/ping'))
    }
    await waitUntil('everything of the others', () => fast.received.length === 24)
    t.equal(most, 5)
    t.equal(new Set(slow.ids().slice(0, 5)).size, 5)
    await slow.stop()
  }
)

t.test('parallel processes deliver each of many changes once', async (t) => {
  const app = await createTestApp(t, { env: LOOPBACK })
  const ann = await app.signUp()
  const receiver = await startReceiver(t)
  let open = 0
  let most = 0
  receiver.respond = (_, response) => {
    open++
    most = Math.max(most, open)
    setImmediate(() => {
      open--
      response.writeHead(204).end()
    })
  }
  await createWebhook(ann, receiver.url)
  const operations = Array.from({ length: 100 }, (_, i) => ({
    op: 'create',
    data: { title: `Task ${i}` }
  }))
  await ann.post('/api/v1/task-batches', { operations })
  worker(t, app)
  worker(t, app)
  worker(t, app)
  await waitUntil('all of them', () => receiver.received.length >= 100)
  t.equal(receiver.received.length, 100)
  t.equal(new Set(receiver.ids()).size, 100)
  t.ok(most <= 5, `${most} at the same time`)
})

/** A server that speaks no HTTP of its own accord. */
async function listen(t: Test, onConnection: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    onConnection(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    for (const socket of sockets) {
      socket.destroy()
    }
    server.close()
  })
  return `http://hooks.example.com:${(server.address() as AddressInfo).port}/`
}

const rules = createTargetRules({ isProduction: false, ...LOOPBACK })
const here: Resolve = async () => ['127.0.0.1']
const SHORT_MS = 300
const running = new AbortController().signal
const sendTo = (url: string, resolve = here) =>
  createSend(rules, resolve, SHORT_MS)(url, {}, '{"some":"body"}', running)

t.test('whoever takes too long has failed, wherever the time went', async (t) => {
  const never = new Promise<string[]>(() => {})
  const silent = await listen(t, () => {})
  const dripping = await listen(t, (socket) => socket.write('HTTP/1.1 200 OK\r\nX-Sl'))
  for (const answer of [
    await sendTo(silent),
    await sendTo(dripping),
    await sendTo(silent, () => never)
  ]) {
    t.match(answer, { status: null, error: /^There was no response within/ })
  }
})

t.test('a look-up that fails is another failure than a name without addresses', async (t) => {
  const failing: Resolve = async () => {
    throw Object.assign(new Error('queryA ESERVFAIL'), { code: 'ESERVFAIL' })
  }
  const url = 'https://hooks.example.com/'
  t.match(await sendTo(url, failing), { error: 'The name of the host could not be looked up.' })
  t.match(await sendTo(url, async () => []), { error: 'The name of the host has no IP address.' })
})

t.test('what is stopped before it begins asks nobody', async (t) => {
  let asked = 0
  const counting: Resolve = async () => [`127.0.0.${++asked}`]
  const send = createSend(rules, counting, SHORT_MS)
  await t.rejects(send('http://hooks.example.com/', {}, '{}', AbortSignal.abort()))
  t.equal(asked, 0)
})

t.test('a status counts although the rest of the response never comes', async (t) => {
  const head = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n'
  const endless = await listen(t, (socket) => socket.write(`${head}begun`))
  t.match(await sendTo(endless), { status: 200, error: null, response: 'begun' })
  const cut = await listen(t, (socket) => socket.once('data', () => socket.end(`${head}cut`)))
  t.match(await sendTo(cut), { status: 200, error: null, response: 'cut' })
})

t.test('what is no HTTP, or switches to something else, has failed', async (t) => {
  const answers: Record<string, string> = {
    'SSH-2.0-OpenSSH\r\n': 'failed',
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n': 'protocol',
    [`HTTP/1.1 200 OK\r\n${'X-Long: yes\r\n'.repeat(10_000)}\r\n`]: 'failed'
  }
  for (const [text, reason] of Object.entries(answers)) {
    const url = await listen(t, (socket) => socket.once('data', () => socket.end(text)))
    t.match(await sendTo(url), { status: null, error: new RegExp(reason) })
  }
})

t.test(
  'a body has at most 256 KiB, and comes without the resource when it would have more',
  async (t) => {
    const withData = (length: number) => {
      const text = JSON.stringify({ id: 'x', data: '' })
      return JSON.stringify({ id: 'x', data: 'ü'.repeat((length - text.length) / 2) })
    }
    const withoutData = { id: 'x', data: null }
    const fits = withData(262_144)
    t.strictSame(bounded(fits, withoutData), { text: fits, isDataOmitted: false })
    t.strictSame(bounded(withData(262_146), withoutData), {
      text: JSON.stringify(withoutData),
      isDataOmitted: true
    })
  }
)

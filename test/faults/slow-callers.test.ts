import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import type { AddressInfo, Socket } from 'node:net'
import { connect } from 'node:net'
import { sql } from 'drizzle-orm'
import t from 'tap'
import { taskImportBlocks, taskImports } from '../../src/db/tables/task-imports.ts'
import { rawHttp, requestText } from '../support/raw-http.ts'
import { createTestApp } from '../support/test-app.ts'
import { waitUntil } from '../support/wait-until.ts'

const SLOW = 200
/** What is promised: a request has half a minute to arrive, and late ones are found within a few seconds. */
const CUT_MS = 35_000
const DRIP_MS = 1000

const log: Record<string, unknown>[] = []
const { app, config, db, signUp, events } = await createTestApp(t, {
  onLog: (line) => log.push(JSON.parse(line))
})
const ann = await signUp()
await app.listen({ host: '127.0.0.1', port: 0 })
const { port } = app.server.address() as AddressInfo
const headers = {
  Authorization: `Bearer ${ann.access_token}`,
  'Content-Type': 'application/json',
  'Content-Length': '1000',
  Connection: 'keep-alive'
}
const isServed = async () =>
  (await rawHttp(port, requestText('GET /api/v1/me', { Authorization: headers.Authorization })))[0]
    ?.status === 200
const connections = () =>
  new Promise<number>((resolve, reject) => {
    app.server.getConnections((error, count) => (error ? reject(error) : resolve(count)))
  })
const descriptors = () => (process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0)

async function dial(): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port })
  await once(socket, 'connect')
  socket.on('error', () => {})
  return socket
}

/** Sends the beginning and then a byte a second until the server closes; returns its response and the time. */
async function sendSlowly(
  beginning: string,
  drop: string
): Promise<{ response: string; ms: number }> {
  const socket = await dial()
  const startedAt = performance.now()
  let response = ''
  socket.setEncoding('utf8').on('data', (text) => {
    response += text
  })
  socket.write(beginning)
  const drip = setInterval(() => {
    socket.write(drop)
  }, DRIP_MS)
  await once(socket, 'close')
  clearInterval(drip)
  return { response, ms: performance.now() - startedAt }
}

t.test(
  `${SLOW} slow headers and ${SLOW} slow bodies are cut off in time while other callers are served`,
  async (t) => {
    const before = await events.count()
    const crowd = [
      ...Array.from({ length: SLOW }, () =>
        sendSlowly('GET /health/live HTTP/1.1\r\nHost: tasklane.test\r\nX-Slow: ', 'a')
      ),
      ...Array.from({ length: SLOW }, () =>
        sendSlowly(requestText('POST /api/v1/tasks', headers, '{"title":"'), 'a')
      )
    ]
    await waitUntil('all slow callers', async () => (await connections()) >= 2 * SLOW)
    const all = Promise.all(crowd)
    let isOver = false
    all.finally(() => {
      isOver = true
    })
    let served = 0
    while (!isOver) {
      if (!(await isServed())) {
        t.fail('another caller was not served')
      }
      served++
      await Promise.race([
        all,
        new Promise((resolve) => {
          setTimeout(resolve, DRIP_MS / 4)
        })
      ])
    }
    const cut = await all
    t.ok(served > 5, `${served} others were served meanwhile`)
    t.ok(
      cut.every(({ ms }) => ms < CUT_MS),
      `the last was cut off after ${Math.round(Math.max(...cut.map(({ ms }) => ms)))} ms`
    )
    t.strictSame(
      [...new Set(cut.map(({ response }) => response.slice(0, 12)))],
      ['HTTP/1.1 408'],
      'each got a reason'
    )
    t.match(cut[0]?.response, /"code":"request_timeout"/)
    t.equal(await events.count(), before)
    await waitUntil('the end of all connections', async () => (await connections()) === 0)
  }
)

/** How many of them upload a file: the part that has arrived is stored until the file is complete. */
const UPLOADS = 4
const upload = requestText(
  'POST /api/v1/task-imports',
  { ...headers, 'Content-Type': 'multipart/form-data; boundary=x', 'Content-Length': '900000' },
  [
    '--x',
    'Content-Disposition: form-data; name="file"; filename="a.csv"',
    'Content-Type: text/csv',
    '',
    `title\n${'Paint the door\n'.repeat(5000)}`
  ].join('\r\n')
)

t.test(
  `${SLOW} aborted bodies leave no connection, descriptor, task or row of a file behind`,
  async (t) => {
    await waitUntil('the end of all connections', async () => (await connections()) === 0)
    // Opens every connection of the pool, so that none that opens later is mistaken for a leak.
    await Promise.all(
      Array.from({ length: config.DATABASE_POOL_SIZE }, () => db.execute(sql`select pg_sleep(0.1)`))
    )
    const before = { descriptors: descriptors(), events: await events.count() }
    log.length = 0
    const sockets = await Promise.all(Array.from({ length: SLOW }, dial))
    let arrived = 0
    app.server.on('request', () => {
      arrived++
    })
    sockets.forEach((socket, i) => {
      socket.write(i < UPLOADS ? upload : requestText('POST /api/v1/tasks', headers, '{"title":"'))
    })
    await waitUntil('every beginning', async () => arrived === SLOW)
    sockets.forEach((socket, i) => {
      i % 2 ? socket.destroy() : socket.resetAndDestroy()
    })
    await waitUntil('the end of all connections', async () => (await connections()) === 0)
    await waitUntil(
      'as many descriptors as before',
      async () => descriptors() <= before.descriptors
    )
    await waitUntil(
      'nothing left of the files',
      async () => (await db.$count(taskImports)) + (await db.$count(taskImportBlocks)) === 0
    )
    t.ok(await isServed())
    t.equal(await events.count(), before.events)
    t.strictSame(
      log.filter(({ level }) => Number(level) >= 40),
      [],
      'nothing is logged as a failure'
    )
  }
)

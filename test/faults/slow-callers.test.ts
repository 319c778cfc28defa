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
/** What is promised: a request has half a minute to arrive, and who is late is found within a few seconds. */
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

/** Says the beginning and then a byte a second, until the server has had enough; what the server said, and after how long. */
async function dawdle(beginning: string, drop: string): Promise<{ said: string; ms: number }> {
  const socket = await dial()
  const startedAt = performance.now()
  let said = ''
  socket.setEncoding('utf8').on('data', (text) => {
    said += text
  })
  socket.write(beginning)
  const drip = setInterval(() => {
    socket.write(drop)
  }, DRIP_MS)
  await once(socket, 'close')
  clearInterval(drip)
  return { said, ms: performance.now() - startedAt }
}

t.test(
  `${SLOW} callers with slow headers and ${SLOW} with slow bodies are cut off in time, while others are served`,
  async (t) => {
    const before = await events.count()
    const crowd = [
      ...Array.from({ length: SLOW }, () =>
        dawdle('GET /health/live HTTP/1.1\r\nHost: tasklane.test\r\nX-Slow: ', 'a')
      ),
      ...Array.from({ length: SLOW }, () =>
        dawdle(requestText('POST /api/v1/tasks', headers, '{"title":"'), 'a')
      )
    ]
    await waitUntil('a crowd', async () => (await connections()) >= 2 * SLOW)
    const all = Promise.all(crowd)
    let isOver = false
    all.finally(() => {
      isOver = true
    })
    let served = 0
    while (!isOver) {
      if (!(await isServed())) {
        t.fail('somebody was not served')
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
      [...new Set(cut.map(({ said }) => said.slice(0, 12)))],
      ['HTTP/1.1 408'],
      'each was told why'
    )
    t.match(cut[0]?.said, /"code":"request_timeout"/)
    t.equal(await events.count(), before)
    await waitUntil('an empty house', async () => (await connections()) === 0)
  }
)

/** Of those, files: what has arrived of one is kept until it is whole. */
const UPLOADS = 4
const upload = requestText(
  'POST /api/v1/task-imports',
  { ...headers, 'Content-Type': 'multipart/form-data; boundary=x', 'Content-Length': '900000' },
  `--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\nContent-Type: text/csv\r\n\r\ntitle\n${'Paint the door\n'.repeat(5000)}`
)

t.test(
  `${SLOW} bodies that are given up half way leave no connection, no descriptor, no task and no row of a file behind`,
  async (t) => {
    await waitUntil('an empty house', async () => (await connections()) === 0)
    // Every connection of the pool is open, so that none that opens later is taken for one that was left behind.
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
    await waitUntil('an empty house', async () => (await connections()) === 0)
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
      'it is no failure of ours'
    )
  }
)

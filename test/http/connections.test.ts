import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { connect } from 'node:net'
import t from 'tap'
import { createMetrics } from '../../src/core/metrics.ts'
import type { App } from '../../src/http/server.ts'
import { rawHttp, requestText } from '../support/raw-http.ts'
import { createTestApp } from '../support/test-app.ts'
import { waitUntil } from '../support/wait-until.ts'

const portOf = (app: App) => (app.server.address() as AddressInfo).port
const connections = (app: App) =>
  new Promise<number>((resolve, reject) => {
    app.server.getConnections((error, count) => (error ? reject(error) : resolve(count)))
  })

/** Connects without ever closing its own end, whatever the server does. */
async function dial(app: App): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port: portOf(app), allowHalfOpen: true })
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

t.test('a rejected peer that never closes its end loses its socket all the same', async (t) => {
  const { app } = await createTestApp(t)
  await app.listen({ host: '127.0.0.1', port: 0 })
  const peers = await Promise.all(Array.from({ length: 20 }, () => dial(app)))
  t.teardown(() => peers.map((peer) => peer.destroy()))
  const received = new Map<Socket, string>()
  peers.forEach((peer, i) => {
    peer.setEncoding('utf8').on('data', (data) => {
      received.set(peer, (received.get(peer) ?? '') + data)
    })
    peer.write(i % 2 ? 'garbage\r\n\r\n' : 'CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n')
  })
  await waitUntil('the end of all sockets', async () => (await connections(app)) === 0)
  t.ok(
    peers.every((peer) => /^HTTP\/1\.1 40[05] .*"request_id":"/s.test(received.get(peer) ?? '')),
    'each could read the reason first'
  )
})

t.test('connections above MAX_CONNECTIONS are closed and counted, others go on', async (t) => {
  const TOKEN = 'a-token-for-prometheus'
  const { app, request } = await createTestApp(t, {
    env: { MAX_CONNECTIONS: '10', METRICS_TOKEN: TOKEN },
    deps: { metrics: createMetrics() }
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const refused = async () => {
    const headers = { authorization: `Bearer ${TOKEN}` }
    const { body } = await request({ url: '/metrics', headers })
    return Number(/^tasklane_connections_refused_total (\d+)$/m.exec(body)?.[1])
  }
  t.equal(await refused(), 0)
  const open = await Promise.all(Array.from({ length: 10 }, () => dial(app)))
  t.teardown(() => open.map((socket) => socket.destroy()))
  await waitUntil('ten connections', async () => (await connections(app)) === 10)
  const probe = requestText('GET /health/live')
  t.strictSame(await rawHttp(portOf(app), probe), [], 'the eleventh gets nothing')
  t.equal(await refused(), 1)
  const [first] = open
  first?.write(requestText('GET /health/live', { Connection: 'keep-alive' }))
  t.match(String(await once(first as Socket, 'data')), /^HTTP\/1\.1 200/)
  first?.destroy()
  await waitUntil('a free place', async () => (await connections(app)) === 9)
  t.match(await rawHttp(portOf(app), probe), [{ status: 200 }])
})

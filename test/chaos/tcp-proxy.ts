import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { Transform } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'

/**
 * A fault of the network. `latency`: every packet takes `ms` longer. `reset`: every connection is reset, new ones too.
 * `black hole`: nothing passes in either direction until the fault ends; then it arrives after all, as TCP retransmits.
 */
export type NetworkFault =
  | { kind: 'none' | 'reset' | 'black hole' }
  | { kind: 'latency'; ms: number }

/** The two ends of a proxied connection: the client opened it, the upstream accepted it. */
export type Peer = 'client' | 'upstream'

export interface TcpProxy {
  port: number
  /** Replaces the current fault. Connections that a black hole has held continue when it ends. */
  setFault(fault: NetworkFault): void
  /**
   * Leaves every connection half-open: one peer's machine disappears without notice to the other, whose data is
   * discarded. After `detectedAfterMs`, if given, the remaining peer's connection is reset, as by failed keepalives.
   */
  dropPeer(peer: Peer, detectedAfterMs?: number): void
  close(): void
}

interface ProxiedConnection {
  reset(): void
  dropPeer(peer: Peer, detectedAfterMs: number | undefined): void
}

/** Opens a proxy on a free port. Each new connection goes to the first of the offered ports that accepts it. */
export async function openTcpProxy(nextPorts: () => number[]): Promise<TcpProxy> {
  let fault: NetworkFault = { kind: 'none' }
  let blackHole = Promise.withResolvers<void>()
  blackHole.resolve()
  const connections = new Set<ProxiedConnection>()
  /** Resolves when the network lets a packet pass. */
  const pass = async (): Promise<void> => {
    if (fault.kind === 'latency') {
      await pause(fault.ms)
    }
    await blackHole.promise
  }

  const server = createServer({ allowHalfOpen: true, noDelay: true }, async (client) => {
    client.on('error', () => {})
    if (fault.kind === 'reset') {
      client.resetAndDestroy()
      return
    }
    await pass()
    const upstream = await dial(nextPorts())
    if (upstream === undefined) {
      client.resetAndDestroy()
      return
    }
    const connection = proxyConnection(client, upstream, pass)
    connections.add(connection)
    client.once('close', () => connections.delete(connection))
    upstream.once('close', () => connections.delete(connection))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  return {
    port: (server.address() as AddressInfo).port,
    setFault(next) {
      fault = next
      blackHole.resolve()
      if (next.kind === 'black hole') {
        blackHole = Promise.withResolvers()
      }
      if (next.kind === 'reset') {
        resetAll(connections)
      }
    },
    dropPeer(peer, detectedAfterMs) {
      for (const connection of connections) {
        connection.dropPeer(peer, detectedAfterMs)
      }
    },
    close() {
      blackHole.resolve()
      server.close()
      resetAll(connections)
    }
  }
}

function resetAll(connections: Iterable<ProxiedConnection>): void {
  for (const connection of connections) {
    connection.reset()
  }
}

/** Connects to the first port that accepts; returns undefined if none does. */
async function dial(ports: number[]): Promise<Socket | undefined> {
  for (const port of ports) {
    const upstream = connect({ host: '127.0.0.1', port, allowHalfOpen: true, noDelay: true })
    upstream.on('error', () => {})
    const isConnected = await new Promise((resolve) => {
      upstream.once('connect', () => resolve(true)).once('close', () => resolve(false))
    })
    if (isConnected) {
      return upstream
    }
  }
  return undefined
}

/** Connects two sockets in both directions. The end of one, orderly or not, becomes the end of the other. */
function proxyConnection(
  client: Socket,
  upstream: Socket,
  pass: () => Promise<void>
): ProxiedConnection {
  let isDropped = false
  const forward = (from: Socket, to: Socket) => {
    const delayed = new Transform({
      transform(chunk, _encoding, done) {
        pass().then(() => {
          done(null, chunk)
        })
      }
    })
    delayed.on('error', () => {})
    from.pipe(delayed).pipe(to)
    from.once('close', async (hadError) => {
      await pass()
      if (isDropped) {
        return
      }
      if (hadError) {
        to.resetAndDestroy()
      } else if (from.readableEnded) {
        delayed.end()
      } else {
        to.destroy()
      }
    })
  }
  forward(client, upstream)
  forward(upstream, client)
  return {
    reset() {
      client.resetAndDestroy()
      upstream.resetAndDestroy()
    },
    dropPeer(peer, detectedAfterMs) {
      isDropped = true
      const [dropped, remaining] = peer === 'upstream' ? [upstream, client] : [client, upstream]
      remaining.unpipe()
      remaining.resume()
      dropped.unpipe()
      dropped.resetAndDestroy()
      if (detectedAfterMs !== undefined) {
        setTimeout(() => {
          remaining.resetAndDestroy()
        }, detectedAfterMs).unref()
      }
    }
  }
}

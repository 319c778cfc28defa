import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { Transform } from 'node:stream'

/**
 * What is wrong with the network. `slow`: everything takes so many milliseconds more. `reset`: every connection is reset, also
 * new ones. `black hole`: packets vanish both ways until the sky is clear, when what was sent arrives after all, as by TCP.
 */
export type Weather = { kind: 'clear' | 'reset' | 'black hole' } | { kind: 'slow'; ms: number }

export interface Link {
  port: number
  /** Changes the weather. Connections that a black hole held go on when it clears. */
  turn(weather: Weather): void
  /**
   * Leaves every connection half-open: one side's machine is gone, and the other is not told. Whatever that one sends is
   * swallowed. `who` is gone: the far side, which was dialled, or the near one, which dialled. After `noticedMs`, if given,
   * the other side's system notices, as by keepalives that nobody answers.
   */
  abandon(who: 'far' | 'near', noticedMs?: number): void
  close(): void
}

const CLEAR: Weather = { kind: 'clear' }

/** A stretch of network to a port. With several ports each new connection takes the next that `order` offers and that lets it in. */
export async function openLink(order: () => number[]): Promise<Link> {
  let weather = CLEAR
  let cleared = Promise.resolve()
  let clear = () => {}
  const pairs = new Set<Pair>()
  const passage = async (): Promise<void> => {
    if (weather.kind === 'slow') {
      await new Promise((resolve) => setTimeout(resolve, (weather as { ms: number }).ms))
    }
    await cleared
  }

  const server = createServer({ allowHalfOpen: true, noDelay: true }, async (near) => {
    near.on('error', () => {})
    if (weather.kind === 'reset') {
      near.resetAndDestroy()
      return
    }
    await passage()
    const far = await dial(order())
    if (far === undefined) {
      near.resetAndDestroy()
      return
    }
    const pair = join(near, far, passage)
    pairs.add(pair)
    near.once('close', () => pairs.delete(pair))
    far.once('close', () => pairs.delete(pair))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  return {
    port: (server.address() as AddressInfo).port,
    turn(next) {
      weather = next
      clear()
      if (next.kind === 'black hole') {
        cleared = new Promise((resolve) => {
          clear = resolve
        })
      }
      if (next.kind === 'reset') {
        for (const pair of pairs) {
          pair.reset()
        }
      }
    },
    abandon(who, noticedMs) {
      for (const pair of pairs) {
        pair.abandon(who, noticedMs)
      }
    },
    close() {
      clear()
      server.close()
      for (const pair of pairs) {
        pair.reset()
      }
    }
  }
}

/** The first port that lets us in. */
async function dial(ports: number[]): Promise<Socket | undefined> {
  for (const port of ports) {
    const far = connect({ host: '127.0.0.1', port, allowHalfOpen: true, noDelay: true })
    far.on('error', () => {})
    if (
      await new Promise((resolve) => {
        far.once('connect', () => resolve(true)).once('close', () => resolve(false))
      })
    ) {
      return far
    }
  }
  return undefined
}

interface Pair {
  reset(): void
  abandon(who: 'far' | 'near', noticedMs: number | undefined): void
}

/** Joins two connections both ways; how one ends is how the other ends, once the network lets it through. */
function join(near: Socket, far: Socket, passage: () => Promise<void>): Pair {
  let isAbandoned = false
  const direction = (from: Socket, to: Socket) => {
    const through = new Transform({
      transform(chunk, _encoding, done) {
        passage().then(() => {
          done(null, chunk)
        })
      }
    })
    through.on('error', () => {})
    from.pipe(through).pipe(to)
    from.once('close', async (hadError) => {
      await passage()
      if (isAbandoned) {
        return
      }
      if (hadError) {
        to.resetAndDestroy()
      } else if (from.readableEnded) {
        through.end()
      } else {
        to.destroy()
      }
    })
  }
  direction(near, far)
  direction(far, near)
  return {
    reset() {
      near.resetAndDestroy()
      far.resetAndDestroy()
    },
    abandon(who, noticedMs) {
      isAbandoned = true
      const [gone, left] = who === 'far' ? [far, near] : [near, far]
      left.unpipe()
      left.resume()
      gone.unpipe()
      gone.resetAndDestroy()
      if (noticedMs !== undefined) {
        setTimeout(() => {
          left.resetAndDestroy()
        }, noticedMs).unref()
      }
    }
  }
}

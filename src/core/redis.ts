import { setTimeout as pause } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import type { Logger } from 'pino'

const CONNECT_MS = 500
/** The price of a frozen Redis, paid once: from then on no request asks it until it responds to a ping. */
const RESPONSE_MS = 100
/** The wait is measured in steps, so that our own event loop, when it is busy, is not mistaken for a silent Redis. */
const STEPS = 5
/** The driver's own timeout does not account for a busy event loop, so it is much longer than ours. */
const COMMAND_MS = 10_000
const PING_MS = 500
const START_MS = 1000

type Log = Pick<Logger, 'info' | 'warn'>

/**
 * A Redis that may become unavailable at any time. Check `isUp` first, wait for responses with `withTimeout`, and call
 * `reportFailure` when one does not arrive.
 */
export interface SharedRedis {
  client: Redis
  isUp: () => boolean
  withTimeout: <T>(response: Promise<T>) => Promise<T>
  reportFailure: (err: unknown) => void
  close: () => void
}

/** Opens Redis. While it is unavailable it is looked for in the background, never by a request. */
export async function openRedis(url: string, log: Log): Promise<SharedRedis> {
  const { Redis } = await import('ioredis')
  const client = new Redis(url, {
    connectTimeout: CONNECT_MS,
    commandTimeout: COMMAND_MS,
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    lazyConnect: true,
    retryStrategy: (attempt) => Math.min(attempt * 50, PING_MS)
  })
  const { isUp, reportFailure, stop } = await watchAvailability(client, log)
  return {
    client,
    isUp,
    withTimeout,
    reportFailure,
    close: () => {
      stop()
      client.disconnect()
    }
  }
}

/** Tracks whether Redis responds, and logs when that changes. Resolves after the first attempt, or after START_MS. */
async function watchAvailability(client: Redis, log: Log) {
  let isUp = false
  let timer: NodeJS.Timeout | undefined
  const pingLater = () => {
    timer = setTimeout(() => {
      client.ping().then(() => {
        isUp = true
        log.info('Redis is back: limits are shared again')
      }, pingLater)
    }, PING_MS).unref()
  }
  const reportFailure = (err: unknown): void => {
    if (isUp) {
      isUp = false
      log.warn({ err }, 'Redis does not respond: each instance limits on its own')
      pingLater()
    }
  }

  // Without a listener ioredis prints each failed attempt to connect.
  let lastError: unknown
  client.on('error', (err) => {
    lastError = err
  })
  // A closed connection is noticed at once, and not by the next request.
  client.on('close', () => {
    reportFailure(lastError ?? new Error('Redis has closed the connection'))
  })
  const connected = client
    .connect()
    .then(() => client.ping())
    .then(() => {
      isUp = true
    })
  await Promise.race([connected.catch(() => {}), pause(START_MS, undefined, { ref: false })])
  if (!isUp) {
    log.warn('Redis does not respond: each instance limits on its own')
    pingLater()
  }
  const stop = (): void => {
    clearTimeout(timer)
    isUp = false
  }
  return { isUp: () => isUp, reportFailure, stop }
}

/** Rejects when a response takes longer than RESPONSE_MS of an event loop that is not blocked. */
function withTimeout<T>(response: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout
    const wait = (stepsLeft: number) => {
      timer = setTimeout(() => {
        if (stepsLeft > 0) {
          wait(stepsLeft - 1)
        } else {
          reject(new Error('Redis did not respond in time'))
        }
      }, RESPONSE_MS / STEPS)
    }
    wait(STEPS - 1)
    response.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

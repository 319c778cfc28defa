import type { FastifyBaseLogger } from 'fastify'
import type { Redis } from 'ioredis'

const CONNECT_MS = 500
/** What a frozen Redis may cost, once: from then on nobody asks it until it answers a probe. */
const ANSWER_MS = 100
/** The wait is taken in steps, so that a busy event loop of our own is not mistaken for a silent Redis. */
const STEPS = 5
/** The driver's own deadline does not know how busy we are, so it stands far behind ours. */
const COMMAND_MS = 10_000
const PROBE_MS = 500
const START_MS = 1000

/** A Redis that may go away at any moment. Ask `isUp` first, wait no longer than `inTime`, tell `failed` when an answer did not come. */
export interface SharedRedis {
  client: Redis
  isUp: () => boolean
  withTimeout: <T>(answer: Promise<T>) => Promise<T>
  reportFailure: (err: unknown) => void
  close: () => void
}

/** Opens Redis without insisting: one that is away is looked for in the background, never by a request. */
export async function openRedis(url: string, log: FastifyBaseLogger): Promise<SharedRedis> {
  const { Redis } = await import('ioredis')
  const client = new Redis(url, {
    connectTimeout: CONNECT_MS,
    commandTimeout: COMMAND_MS,
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    lazyConnect: true,
    retryStrategy: (attempt) => Math.min(attempt * 50, PROBE_MS)
  })
  // Without a listener each failed attempt to connect would be printed; what matters is logged when it turns.
  let lastError: unknown
  client.on('error', (err) => {
    lastError = err
  })
  let up = false
  let probe: NodeJS.Timeout | undefined
  const probeLater = () => {
    probe = setTimeout(() => {
      client.ping().then(() => {
        up = true
        log.info('Redis is back: limits are shared again')
      }, probeLater)
    }, PROBE_MS).unref()
  }

  const reportFailure = (err: unknown): void => {
    if (!up) {
      return
    }
    up = false
    log.warn({ err }, 'Redis does not answer: each instance limits on its own')
    probeLater()
  }
  // One that has gone is noticed at once, and not by the next caller.
  client.on('close', () => {
    reportFailure(lastError ?? new Error('Redis has closed the connection'))
  })

  await Promise.race([
    client
      .connect()
      .then(() => client.ping())
      .then(
        () => {
          up = true
        },
        () => {}
      ),
    new Promise((resolve) => {
      setTimeout(resolve, START_MS).unref()
    })
  ])
  if (!up) {
    log.warn('Redis does not answer: each instance limits on its own')
    probeLater()
  }
  return {
    client,
    isUp: () => up,
    withTimeout,
    reportFailure,
    close: () => {
      clearTimeout(probe)
      up = false
      client.disconnect()
    }
  }
}

/** Fails when an answer takes longer than ANSWER_MS of an event loop that runs. */
function withTimeout<T>(answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout
    const wait = (left: number) => {
      timer = setTimeout(() => {
        left > 0 ? wait(left - 1) : reject(new Error('Redis did not answer in time'))
      }, ANSWER_MS / STEPS)
    }
    wait(STEPS - 1)
    answer.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

import type { FastifyBaseLogger } from 'fastify'
import { Redis } from 'ioredis'

const CONNECT_MS = 500
/** What a frozen Redis may cost, once: from then on nobody asks it until it answers a probe. */
const COMMAND_MS = 100
const PROBE_MS = 500
const START_MS = 1000

/** A Redis that may go away at any moment. Ask `isUp` first; tell `failed` when an answer did not come. */
export interface SharedRedis { client: Redis, isUp: () => boolean, failed: (err: unknown) => void, close: () => void }

/** Opens Redis without insisting: one that is away is looked for in the background, never by a request. */
export async function openRedis (url: string, log: FastifyBaseLogger): Promise<SharedRedis> {
  const client = new Redis(url, {
    connectTimeout: CONNECT_MS, commandTimeout: COMMAND_MS, maxRetriesPerRequest: 1, enableOfflineQueue: false, lazyConnect: true,
    retryStrategy: (attempt) => Math.min(attempt * 50, PROBE_MS)
  })
  // Without a listener each failed attempt to connect would be printed; what matters is logged when it turns.
  client.on('error', () => {})
  let up = false
  let probe: NodeJS.Timeout | undefined
  const probeLater = () => {
    probe = setTimeout(() => {
      client.ping().then(() => { up = true; log.info('Redis is back: limits are shared again') }, probeLater)
    }, PROBE_MS).unref()
  }

  await Promise.race([
    client.connect().then(() => client.ping()).then(() => { up = true }, () => {}),
    new Promise((resolve) => { setTimeout(resolve, START_MS).unref() })
  ])
  if (!up) { log.warn('Redis does not answer: each instance limits on its own'); probeLater() }
  return {
    client,
    isUp: () => up,
    failed: (err) => {
      if (!up) return
      up = false
      log.warn({ err }, 'Redis does not answer: each instance limits on its own')
      probeLater()
    },
    close: () => { clearTimeout(probe); up = false; client.disconnect() }
  }
}

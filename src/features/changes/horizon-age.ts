import type { Db } from '../../db/client.ts'
import { readSnapshot } from './feed.queries.ts'

/**
 * Returns a gauge: for how many seconds the oldest transaction of the server has held the feed of changes back. It sees
 * a transaction from one reading to the next, so that no right to see other sessions is needed.
 */
export function horizonAgeGauge(db: Db): () => Promise<number> {
  let oldest = ''
  let since = 0
  return async () => {
    const { oldest: now, next } = await readSnapshot(db)
    if (now !== oldest || now === next) {
      oldest = now
      since = performance.now()
    }
    return (performance.now() - since) / 1000
  }
}

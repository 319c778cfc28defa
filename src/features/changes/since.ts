import type { Db } from '../../db/client.ts'
import { type FeedPlace, FIRST_ID, findFirstFrom, readHorizon } from './feed.queries.ts'

/** Longer than any transaction: what it writes last has the time of its beginning. */
const SLACK_MS = 600_000

/**
 * Returns a place in the feed of a user before everything that has happened since a time, and not much more. Positions
 * grow with time, so that halving finds it, however long the feed is.
 */
export async function findPlaceOfTime(db: Db, userId: string, time: string): Promise<FeedPlace> {
  const from = new Date(Date.parse(time) - SLACK_MS).toISOString()
  let low = 0n
  let high = BigInt(await readHorizon(db))
  while (low < high) {
    const middle = (low + high) / 2n
    const first = await findFirstFrom(db, userId, String(middle), from)
    if (!first || first.is_later) {
      high = middle
    } else {
      low = BigInt(first.position) + 1n
    }
  }
  return { position: String(low), id: FIRST_ID }
}

import { randomFillSync } from 'node:crypto'
import { v7 as uuidv7 } from 'uuid'

/** Matches a UUID in its usual form, in either case. */
export const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** RFC 9562, version 7; either case. */
export const UUID_V7 =
  '^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-7[0-9A-Fa-f]{3}-[89ABab][0-9A-Fa-f]{3}-[0-9A-Fa-f]{12}$'
const uuidV7 = new RegExp(UUID_V7)
export const isUuidV7 = (id: string): boolean => uuidV7.test(id)

/** Returns the time in an id of version 7, in milliseconds since 1970. */
export const millisecondsOf = (id: string): number =>
  Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)

const RANDOM_BYTES = 16
/** Random bytes are fetched for 256 ids at a time, since fetching is slow. */
const pool = Buffer.alloc(RANDOM_BYTES * 256)
let used = pool.length
const latest = { msecs: 0, seq: 0 }

/** Returns a new UUID of version 7, greater than all that it has returned in this process. For ids, not for secrets. */
export function newId(): string {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const random = pool.subarray(used, used + RANDOM_BYTES)
  used += RANDOM_BYTES
  const now = Date.now()
  if (now > latest.msecs) {
    latest.msecs = now
    // The highest bit is left for counting.
    latest.seq = random.readUInt32BE(0) >>> 1
  } else {
    latest.seq++
  }
  return uuidv7({ random, ...latest })
}

import { randomFillSync } from 'node:crypto'

const BYTES = 16
const POOL = Buffer.alloc(BYTES * 256)
let used = POOL.length

/**
 * Returns 16 random bytes of node:crypto, which are fetched for 256 calls at a time, since fetching is slow. They are
 * valid until the next call. For ids, not for secrets.
 */
export function randomBytes16(): Buffer {
  if (used === POOL.length) {
    randomFillSync(POOL)
    used = 0
  }
  used += BYTES
  return POOL.subarray(used - BYTES, used)
}

import { hash } from 'node:crypto'

/** Bits of the counter behind the variant; the others are behind the version. */
const LOW_BITS = 14

/**
 * Returns the same two ids each time for row `row` (1 to 2^26) of a batch: UUIDv7s (RFC 9562) with the millisecond of
 * the batch's id, the row as counter, and 48 bits of a hash. They are ascending, so that indexes grow at their end, and
 * cannot be guessed without the batch's id.
 */
export function deterministicUuids(batchId: string, row: number): { task: string; event: string } {
  const digest = hash('sha256', `${batchId}/${row}`)
  const time = batchId.slice(0, 13)
  const high = (row >>> LOW_BITS).toString(16).padStart(3, '0')
  const low = (0x8000 | (row & ((1 << LOW_BITS) - 1))).toString(16)
  const head = `${time}-7${high}-${low}-`
  return { task: head + digest.slice(0, 12), event: head + digest.slice(12, 24) }
}

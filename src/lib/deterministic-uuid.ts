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

/** How much of a UUIDv7 tells its time and its place among those of the same millisecond. */
const HEAD_CHARACTERS = 26

/**
 * Returns the same id each time for an owner and an id of somebody else's: with the same time and place, so that tasks
 * stay in their order.
 */
export const ownUuid = (ownerId: string, id: string): string =>
  id.slice(0, HEAD_CHARACTERS) + hash('sha256', `${ownerId}/${id}`).slice(0, 36 - HEAD_CHARACTERS)

import { hash } from 'node:crypto'

const LOW_BITS = 14

/**
 * The ids that row `row` (from 1 to 2^26) of a batch gets each time it is asked for: UUIDv7s (RFC 9562) with the batch's
 * millisecond, the row as counter, and 48 bits of a hash. They rise with the row, so that indexes grow at their end; who does not
 * know the batch's id, which is a UUIDv7 itself, cannot guess them. `task` and `event` differ.
 */
export function deterministicUuids(batchId: string, row: number): { task: string; event: string } {
  const digest = hash('sha256', `${batchId}/${row}`)
  const head = `${batchId.slice(0, 13)}-7${(row >>> LOW_BITS).toString(16).padStart(3, '0')}-${(0x8000 | (row & ((1 << LOW_BITS) - 1))).toString(16)}-`
  return { task: head + digest.slice(0, 12), event: head + digest.slice(12, 24) }
}

import type { Actor, RequestContext } from '../../core/context.ts'
import { Problem } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import { type Tx, withTransaction } from '../../db/transaction.ts'
import { createFromRecords, quotaExceeded, remainingQuota } from '../tasks/service.ts'
import {
  type Block,
  deleteBlock,
  deleteBlockWithErrors,
  findNextBlock,
  lockProgress,
  type Progress,
  recordsOfBlock,
  saveProgress
} from './block.queries.ts'
import { failImport, type LeasedImport } from './lease.queries.ts'
import { MAX_STORED_ERRORS } from './schema.ts'

/** An import acts for its owner, in the name of the request that uploaded the file. */
const contextOf = ({ owner_id, request_id }: LeasedImport): RequestContext<Actor> => ({
  caller: { id: owner_id, name: null },
  requestId: request_id,
  ip: null,
  userAgent: null
})

/**
 * Imports one block in one transaction: it creates the tasks with their events, stores the errors, counts the rows,
 * deletes the block and, after the last one, ends the import. So a block has its effect exactly once, whichever worker
 * dies when and however many work on it. Returns false when nothing is left for this worker.
 */
export function processBlock(
  db: Db,
  workerId: string,
  leased: LeasedImport,
  quota: number
): Promise<boolean> {
  return withTransaction(db, async (tx) => {
    const progress = await lockProgress(tx, workerId, leased)
    if (!progress) {
      return false
    }
    if (progress.disabled) {
      await failImport(tx, leased, accountDisabled())
      return false
    }
    const block = await findNextBlock(tx, leased)
    if (!block) {
      await saveProgress(tx, leased, { processed: 0, imported: 0, errors: 0, isLast: true })
      return false
    }
    const imported = await importRows(tx, leased, progress, block, quota)
    const errors = block.errors_total + block.valid_rows - imported
    const limit = Math.max(0, MAX_STORED_ERRORS - progress.errors_total)
    if (limit === 0 || (block.invalid_rows === 0 && imported === block.valid_rows)) {
      await deleteBlock(tx, leased, block)
    } else {
      const { code, message } = quotaExceeded(quota)
      const rejection = { code, message }
      await deleteBlockWithErrors(tx, leased, block, { imported, rejection, limit })
    }
    const processed = block.valid_rows + block.invalid_rows
    const isLast = progress.rows_processed + processed >= progress.rows_total
    await saveProgress(tx, leased, { processed, imported, errors, isLast })
    return !isLast
  })
}

const accountDisabled = () =>
  new Problem('account_disabled', {
    detail: 'The account was disabled before the import finished. Tasks that it had created remain.'
  })

/** Creates the tasks of a block that the quota allows; returns their number. A dry run only counts them. */
async function importRows(
  tx: Tx,
  leased: LeasedImport,
  progress: Progress,
  block: Block,
  quota: number
): Promise<number> {
  const allowed = await quotaFor(tx, leased, progress, block, quota)
  if (allowed === 0 || leased.dry_run) {
    return allowed
  }
  const limit = allowed < block.valid_rows ? allowed : undefined
  return createFromRecords(tx, contextOf(leased), recordsOfBlock(leased, block), limit)
}

/** Returns how many tasks of the block the quota allows. A dry run also counts those it would have created before. */
async function quotaFor(
  tx: Tx,
  { owner_id, dry_run }: LeasedImport,
  { rows_imported }: Progress,
  { valid_rows }: Block,
  quota: number
): Promise<number> {
  const before = dry_run ? rows_imported : 0
  return Math.max(0, (await remainingQuota(tx, quota, owner_id, before + valid_rows)) - before)
}

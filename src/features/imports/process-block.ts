import { Problem } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import { type Tx, withTransaction } from '../../db/transaction.ts'
import {
  createFromRecords,
  idTaken,
  type MatchedRecord,
  quotaExceeded,
  remainingQuota,
  type StorageQuota,
  saveMatched
} from '../tasks/service.ts'
import {
  type Block,
  deleteBlock,
  deleteBlockWithErrors,
  findNextBlock,
  listRowsAfter,
  lockProgress,
  type Outcome,
  type Progress,
  readRecords,
  recordsOfBlock,
  saveProgress
} from './block.queries.ts'
import { contextOf, failImport, recordEnd } from './ending.ts'
import type { Rejection } from './faults.ts'
import type { LeasedImport } from './lease.queries.ts'
import { MAX_STORED_ERRORS } from './schema.ts'

/** Who processes blocks. */
export interface BlockWorker {
  db: Db
  id: string
  /** The most tasks that a user may have. */
  quota: number
  storage: StorageQuota
}

/**
 * Imports one block in one transaction: it creates the tasks with their events, stores the errors, counts the rows,
 * deletes the block and, after the last one, ends the import. So a block has its effect exactly once, whichever worker
 * dies when and however many work on it. Returns false when nothing is left for this worker.
 */
export function processBlock(
  { db, id: workerId, quota, storage }: BlockWorker,
  leased: LeasedImport
): Promise<boolean> {
  return withTransaction(db, async (tx) => {
    const progress = await lockProgress(tx, workerId, leased)
    if (!progress) {
      return false
    }
    if (progress.disabled) {
      await failImport(db, leased, accountDisabled(), tx)
      return false
    }
    const block = await findNextBlock(tx, leased)
    if (!block) {
      await recordEnd(tx, leased, await saveProgress(tx, leased, NOTHING, true))
      return false
    }
    const rows = leased.on_conflict === null ? createRows : matchRows
    const refusal = storage.findRefusal(leased.owner_id)
    const { rejections, ...outcome } = refusal
      ? await rejectRows(tx, leased, block, refusal)
      : await rows(tx, leased, progress, block, quota)
    const errors = block.errors_total + rejections.length
    const limit = Math.max(0, MAX_STORED_ERRORS - progress.errors_total)
    if (limit === 0 || errors === 0) {
      await deleteBlock(tx, leased, block)
    } else {
      await deleteBlockWithErrors(tx, leased, block, { rejections, limit })
    }
    const processed = block.valid_rows + block.invalid_rows + block.skipped_rows
    const skipped = block.skipped_rows + outcome.skipped
    const isLast = progress.rows_processed + processed >= progress.rows_total
    const counts = { ...outcome, processed, skipped, errors }
    const totals = await saveProgress(tx, leased, counts, isLast)
    if (isLast) {
      await recordEnd(tx, leased, totals)
    }
    return !isLast
  })
}

const accountDisabled = () =>
  new Problem('account_disabled', {
    detail: 'The account was disabled before the import finished. Tasks that it had created remain.'
  })

const NOTHING: Outcome = { processed: 0, created: 0, updated: 0, skipped: 0, errors: 0 }

type RowsOutcome = Omit<Outcome, 'processed' | 'errors'> & { rejections: Rejection[] }

/** Creates a task of each row of a block that the quota allows. A dry run only counts them. */
async function createRows(
  tx: Tx,
  leased: LeasedImport,
  progress: Progress,
  block: Block,
  quota: number
): Promise<RowsOutcome> {
  const created = await quotaFor(tx, leased, progress, block.valid_rows, quota)
  const isWhole = created === block.valid_rows
  if (created > 0 && !leased.dry_run) {
    const limit = isWhole ? undefined : created
    await createFromRecords(tx, contextOf(leased), recordsOfBlock(leased, block), limit)
  }
  const over = isWhole ? [] : await listRowsAfter(tx, leased, block, created)
  return { created, updated: 0, skipped: 0, rejections: over.map(rejectWith(quotaExceeded(quota))) }
}

/** Rejects all rows of a block for the same reason. */
async function rejectRows(
  tx: Tx,
  leased: LeasedImport,
  block: Block,
  refusal: Problem
): Promise<RowsOutcome> {
  const rows = await listRowsAfter(tx, leased, block, 0)
  return { created: 0, updated: 0, skipped: 0, rejections: rows.map(rejectWith(refusal)) }
}

/** Creates, changes or skips a task of each row of a block, by its id. A dry run only counts them. */
async function matchRows(
  tx: Tx,
  leased: LeasedImport,
  progress: Progress,
  block: Block,
  quota: number
): Promise<RowsOutcome> {
  const records = await readRecords<MatchedRecord & { row: number }>(tx, leased, block)
  const { created, updated, skipped, taken, over } = await saveMatched(
    tx,
    contextOf(leased),
    records,
    {
      onConflict: leased.on_conflict ?? 'skip',
      isDryRun: leased.dry_run,
      quotaFor: (wanted) => quotaFor(tx, leased, progress, wanted, quota)
    }
  )
  const rejections = [
    ...taken.map(({ row, given_id = '' }) => ({
      ...rejectWith(idTaken())(row),
      column: 'id' as const,
      value: given_id
    })),
    ...over.map(({ row }) => rejectWith(quotaExceeded(quota))(row))
  ]
  return { created, updated, skipped, rejections }
}

const rejectWith =
  ({ code, message }: Problem) =>
  (row: number): Rejection => ({ row, column: '', code, message, value: null })

/** Returns how many of so many tasks the quota allows. A dry run also counts those it would have created before. */
async function quotaFor(
  tx: Tx,
  { owner_id, dry_run }: LeasedImport,
  { rows_created }: Progress,
  wanted: number,
  quota: number
): Promise<number> {
  const before = dry_run ? rows_created : 0
  return Math.max(0, (await remainingQuota(tx, quota, owner_id, before + wanted)) - before)
}

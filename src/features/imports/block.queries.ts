import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { executeRows } from '../../db/rows.ts'
import { LEASE_SECONDS, type LeasedImport } from './lease.queries.ts'

/** How far a running import is, and whether its owner is disabled. */
export type Progress = {
  rows_processed: number
  rows_imported: number
  rows_total: number
  errors_total: number
  disabled: boolean
}
/** A block that is waiting to be imported. */
export type Block = {
  block_no: number
  valid_rows: number
  invalid_rows: number
  errors_total: number
}

/**
 * Locks a running import that the worker has; undefined when the worker has lost it. The owner is locked first, as when
 * an account is deleted.
 */
export async function lockProgress(
  tx: Db,
  workerId: string,
  { owner_id, id }: LeasedImport
): Promise<Progress | undefined> {
  const [owner] = await executeRows<{ disabled: boolean }>(
    tx,
    sql`SELECT disabled FROM users WHERE id = ${owner_id} FOR KEY SHARE`
  )
  const [counters] = await executeRows<Omit<Progress, 'disabled'>>(
    tx,
    sql`
      SELECT rows_processed, rows_imported, rows_total, errors_total
      FROM task_imports
      WHERE owner_id = ${owner_id}
        AND id = ${id}
        AND status = 'running'
        AND worker_id = ${workerId}::uuid
      FOR UPDATE`
  )
  return owner && counters && { ...counters, ...owner }
}

export async function findNextBlock(
  tx: Db,
  { owner_id, id }: LeasedImport
): Promise<Block | undefined> {
  const [block] = await executeRows<Block>(
    tx,
    sql`
      SELECT
        block_no, valid_rows, invalid_rows,
        greatest(errors_total, jsonb_array_length(errors)) AS errors_total
      FROM task_import_blocks
      WHERE owner_id = ${owner_id} AND import_id = ${id}
      ORDER BY block_no
      LIMIT 1`
  )
  return block
}

const isBlock = ({ owner_id, id }: LeasedImport, { block_no }: Block): SQL =>
  sql`owner_id = ${owner_id} AND import_id = ${id} AND block_no = ${block_no}`

/** Selects the valid rows of a block: a JSON array of task records. */
export const recordsOfBlock = (leased: LeasedImport, block: Block): SQL =>
  sql`SELECT tasks FROM task_import_blocks WHERE ${isBlock(leased, block)}`

export async function deleteBlock(tx: Db, leased: LeasedImport, block: Block): Promise<void> {
  await tx.execute(sql`DELETE FROM task_import_blocks WHERE ${isBlock(leased, block)}`)
}

export interface ErrorsOfBlock {
  imported: number
  rejection: { code: string; message: string }
  limit: number
}

/**
 * Deletes a block and stores its errors, the first `limit` of them: the faults of its invalid rows, and `rejection` for
 * each valid row after the first `imported` ones.
 */
export async function deleteBlockWithErrors(
  tx: Db,
  leased: LeasedImport,
  block: Block,
  { imported, rejection, limit }: ErrorsOfBlock
): Promise<void> {
  const { code, message } = rejection
  const overQuota = sql`
    UNION ALL (
      SELECT t."row", '', ${code}::text, ${message}::text, NULL
      FROM deleted, jsonb_to_recordset(deleted.tasks) AS t("row" int, id uuid)
      ORDER BY t.id
      OFFSET ${imported}
    )`
  await tx.execute(sql`
    WITH deleted AS (
      DELETE FROM task_import_blocks WHERE ${isBlock(leased, block)} RETURNING tasks, errors
    )
    INSERT INTO task_import_errors (owner_id, import_id, "row", "column", code, message, value)
    SELECT
      ${leased.owner_id}::uuid, ${leased.id}::uuid,
      e."row", e."column", e.code, e.message, e.value
    FROM (
      SELECT f."row", f."column", f.code, f.message, f.value
      FROM deleted,
        jsonb_to_recordset(deleted.errors)
          AS f("row" int, "column" text, code text, message text, value text)
      ${imported < block.valid_rows ? overQuota : sql``}
    ) AS e
    ORDER BY e."row", e."column"
    LIMIT ${limit}`)
}

export interface Processed {
  processed: number
  imported: number
  errors: number
  isLast: boolean
}

/** Counts processed rows, and either renews the lease or ends the import as succeeded. */
export async function saveProgress(
  tx: Db,
  { owner_id, id }: LeasedImport,
  { processed, imported, errors, isLast }: Processed
): Promise<void> {
  const renewed = sql`leased_until = now() + make_interval(secs => ${LEASE_SECONDS})`
  const ended = sql`
    status = 'succeeded',
    finished_at = now(),
    worker_id = NULL,
    leased_until = NULL,
    has_blocks = false`
  await tx.execute(sql`
    UPDATE task_imports
    SET
      rows_processed = rows_processed + ${processed},
      rows_imported = rows_imported + ${imported},
      rows_rejected = rows_rejected + ${processed - imported},
      errors_total = errors_total + ${errors},
      failed_attempts = 0,
      ${isLast ? ended : renewed}
    WHERE owner_id = ${owner_id} AND id = ${id}`)
}

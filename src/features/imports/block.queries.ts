import { type SQL, sql } from 'drizzle-orm'
import type { Role } from '../../core/context.ts'
import type { Db } from '../../db/client.ts'
import { executeRows } from '../../db/rows.ts'
import type { TaskImportWarning } from './file.schema.ts'
import { LEASE_SECONDS, type LeasedImport } from './lease.queries.ts'
import type { TaskImportError } from './schema.ts'

/** How far a running import is, and what its owner may do. */
export type Progress = {
  rows_processed: number
  /** How many tasks it has created, or would have. */
  rows_created: number
  rows_total: number
  errors_total: number
  disabled: boolean
  role: Role
}
/** A block that is waiting to be imported. */
export type Block = {
  block_no: number
  valid_rows: number
  invalid_rows: number
  errors_total: number
  skipped_rows: number
  /** Whether there was no other one when it was read. */
  is_last: boolean
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
  const [owner] = await executeRows<Pick<Progress, 'disabled' | 'role'>>(
    tx,
    sql`SELECT disabled, role FROM users WHERE id = ${owner_id} FOR KEY SHARE`
  )
  const [counters] = await executeRows<Omit<Progress, 'disabled' | 'role'>>(
    tx,
    sql`
      SELECT rows_processed, rows_imported - rows_updated AS rows_created, rows_total, errors_total
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
        block_no, valid_rows, invalid_rows, skipped_rows,
        greatest(errors_total, jsonb_array_length(errors)) AS errors_total,
        NOT EXISTS (
          SELECT FROM task_import_blocks other
          WHERE other.owner_id = ${owner_id} AND other.import_id = ${id}
            AND other.block_no > task_import_blocks.block_no
        ) AS is_last
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

/** An error as it is stored: its column is empty for an error of the row as a whole. */
type StoredError = TaskImportError & { column: string }

/** Returns the valid rows of a block. */
export async function readRecords<T>(tx: Db, leased: LeasedImport, block: Block): Promise<T[]> {
  const [found] = await executeRows<{ tasks: T[] }>(tx, recordsOfBlock(leased, block))
  return found?.tasks ?? []
}

/** Returns the rows of a block after the first `imported` ones, for which there is no room. */
export async function listRowsAfter(
  tx: Db,
  leased: LeasedImport,
  block: Block,
  imported: number
): Promise<number[]> {
  const rows = await executeRows<{ row: number }>(
    tx,
    sql`
      SELECT t."row"
      FROM (${recordsOfBlock(leased, block)}) AS stored (records),
        jsonb_to_recordset(stored.records) AS t("row" int, id uuid)
      ORDER BY t.id
      OFFSET ${imported}`
  )
  return rows.map(({ row }) => row)
}

/**
 * Deletes a block and stores its errors, the first `limit` of them: the faults of its invalid rows, and the rejections
 * of valid ones.
 */
export async function deleteBlockWithErrors(
  tx: Db,
  leased: LeasedImport,
  block: Block,
  { rejections, limit }: { rejections: StoredError[]; limit: number }
): Promise<void> {
  const columns = sql`AS f("row" int, "column" text, code text, message text, value text)`
  await tx.execute(sql`
    WITH deleted AS (
      DELETE FROM task_import_blocks WHERE ${isBlock(leased, block)} RETURNING errors
    )
    INSERT INTO task_import_errors (owner_id, import_id, "row", "column", code, message, value)
    SELECT
      ${leased.owner_id}::uuid, ${leased.id}::uuid,
      f."row", f."column", f.code, f.message, f.value
    FROM deleted,
      jsonb_to_recordset(deleted.errors || ${JSON.stringify(rejections.slice(0, limit))}::jsonb) ${columns}
    ORDER BY f."row", f."column"
    LIMIT ${limit}`)
}

/** What came of the rows of a block. */
export interface Outcome {
  processed: number
  created: number
  updated: number
  skipped: number
  /** How many errors its rejected rows have. */
  errors: number
  projects_created?: number
  projects_rejected?: number
  comments_created?: number
  comments_rejected?: number
}

/** What came of all rows of an import. */
export type Totals = Record<'created' | 'updated' | 'skipped' | 'rejected', number> &
  Record<(typeof RECORD_COUNTERS)[number], number>

const RECORD_COUNTERS = [
  'projects_created',
  'projects_rejected',
  'comments_created',
  'comments_rejected'
] as const

/** Counts processed rows, and either renews the lease or ends the import as succeeded. */
export async function saveProgress(
  tx: Db,
  { owner_id, id }: LeasedImport,
  { processed, created, updated, skipped, errors, ...records }: Outcome,
  isLast: boolean
): Promise<Totals> {
  const renewed = sql`leased_until = now() + make_interval(secs => ${LEASE_SECONDS})`
  const ended = sql`
    status = 'succeeded',
    finished_at = now(),
    worker_id = NULL,
    leased_until = NULL,
    has_blocks = false`
  const rejected = processed - created - updated - skipped
  const counted = RECORD_COUNTERS.map(
    (counter) => sql`${sql.raw(`${counter} = ${counter} +`)} ${records[counter] ?? 0}`
  )
  const [totals] = await executeRows<Totals>(
    tx,
    sql`
    UPDATE task_imports
    SET
      rows_processed = rows_processed + ${processed},
      rows_imported = rows_imported + ${created + updated},
      rows_updated = rows_updated + ${updated},
      rows_skipped = rows_skipped + ${skipped},
      rows_rejected = rows_rejected + ${rejected},
      errors_total = errors_total + ${errors},
      ${sql.join(counted, sql`, `)},
      failed_attempts = 0,
      ${isLast ? ended : renewed}
    WHERE owner_id = ${owner_id} AND id = ${id}
    RETURNING
      rows_imported - rows_updated AS created,
      rows_updated AS updated,
      rows_skipped AS skipped,
      rows_rejected AS rejected,
      projects_created, projects_rejected, comments_created, comments_rejected`
  )
  return totals as Totals
}

/** Adds warnings to an import that has ended. */
export async function addWarnings(
  tx: Db,
  { owner_id, id }: LeasedImport,
  warnings: TaskImportWarning[]
): Promise<void> {
  await tx.execute(sql`
    UPDATE task_imports
    SET warnings = warnings || ${JSON.stringify(warnings)}::jsonb
    WHERE owner_id = ${owner_id} AND id = ${id}`)
}

import { type SQL, sql } from 'drizzle-orm'
import { Problem } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import { executeRows } from '../../db/rows.ts'
import { withTransaction } from '../../db/transaction.ts'
import { createMany, quotaExceeded, remainingQuota } from '../tasks/service.ts'
import { failImport, LEASE_SECONDS, type LeasedImport } from './lease.ts'

interface Progress {
  rows_processed: number
  rows_imported: number
  rows_total: number
  disabled: boolean
}
interface Next {
  block_no: number
  valid_rows: number
  invalid_rows: number
}

/**
 * Carries one block of an import out, in one transaction: tasks and their history, errors, counters, the state when it
 * was the last one, and the block itself goes. So a block can have its effect once and no more, whoever dies when and
 * however many work on it; the ids of its tasks follow from their rows, so a second effect would not fit in either.
 * False when there is nothing left to do for this worker.
 */
export function processBlock(
  db: Db,
  worker_id: string,
  leased: LeasedImport,
  quota: number
): Promise<boolean> {
  return withTransaction(db, async (tx) => {
    const place = await lockPlace(tx, worker_id, leased)
    if (!place) {
      return false
    }
    if (place.disabled) {
      await failImport(
        tx,
        leased,
        new Problem('account_disabled', {
          detail:
            'The account was disabled before the import had ended. What it had brought in by then is there.'
        })
      )
      return false
    }
    const block = await findNext(tx, leased)
    const room = block ? await quotaFor(tx, leased, place, block, quota) : 0
    const imported =
      block && room > 0 && !leased.dry_run
        ? await createMany(
            tx,
            leased.owner_id,
            { actor_id: leased.owner_id, request_id: leased.request_id },
            rowsOfBlock(leased, block, room)
          )
        : room
    return settle(tx, leased, place, block, imported, quota)
  })
}

/** The owner first, then the import: whoever deletes the account locks in the same order. */
async function lockPlace(
  tx: Db,
  worker_id: string,
  { owner_id, id }: LeasedImport
): Promise<Progress | undefined> {
  const [owner] = await executeRows<{ disabled: boolean }>(
    tx,
    sql`select disabled from users where id = ${owner_id} for key share`
  )
  const [place] = await executeRows<Omit<Progress, 'disabled'> & Record<string, unknown>>(
    tx,
    sql`
    select rows_processed, rows_imported, rows_total from task_imports where owner_id = ${owner_id} and id = ${id} and status = 'running' and worker_id = ${worker_id}::uuid for update`
  )
  return owner && place && { ...place, ...owner }
}

async function findNext(tx: Db, { owner_id, id }: LeasedImport): Promise<Next | undefined> {
  const [block] = await executeRows<Next & Record<string, unknown>>(
    tx,
    sql`
    select block_no, valid_rows, invalid_rows from task_import_blocks where owner_id = ${owner_id} and import_id = ${id} order by block_no limit 1`
  )
  return block
}

/** How many of the block's tasks the quota lets in. A rehearsal counts those as well that it would have made before. */
async function quotaFor(
  tx: Db,
  { owner_id, dry_run }: LeasedImport,
  { rows_imported }: Progress,
  { valid_rows }: Next,
  quota: number
): Promise<number> {
  const before = dry_run ? rows_imported : 0
  return Math.max(0, (await remainingQuota(tx, quota, owner_id, before + valid_rows)) - before)
}

const isBlock = ({ owner_id, id }: LeasedImport, { block_no }: Next): SQL =>
  sql`owner_id = ${owner_id} and import_id = ${id} and block_no = ${block_no}`

/** The first tasks of a block, by row. */
const rowsOfBlock = (leased: LeasedImport, block: Next, room: number): SQL => sql`
  select t.id, t.event_id, t.title, t.description, t.status, t.priority, t.due_date, t.tags
  from task_import_blocks, jsonb_to_recordset(tasks) as t(id uuid, event_id uuid, title text, description text, status task_status, priority task_priority, due_date timestamptz, tags text[])
  where ${isBlock(leased, block)} ${room < block.valid_rows ? sql`order by t.id limit ${room}` : sql``}`

async function settle(
  tx: Db,
  leased: LeasedImport,
  place: Progress,
  block: Next | undefined,
  imported: number,
  quota: number
): Promise<boolean> {
  const { valid_rows, invalid_rows } = block ?? { valid_rows: 0, invalid_rows: 0 }
  const isLast = !block || place.rows_processed + valid_rows + invalid_rows >= place.rows_total
  if (block) {
    await removeBlock(tx, leased, block, imported, quota)
  }
  await tx.execute(sql`
    update task_imports set rows_processed = rows_processed + ${valid_rows + invalid_rows}, rows_imported = rows_imported + ${imported}, rows_rejected = rows_rejected + ${valid_rows + invalid_rows - imported}, failed_attempts = 0,
      ${isLast ? sql`status = 'succeeded', finished_at = now(), worker_id = null, leased_until = null, has_blocks = false` : sql`leased_until = now() + make_interval(secs => ${LEASE_SECONDS})`}
    where owner_id = ${leased.owner_id} and id = ${leased.id}`)
  return !isLast
}

/** Takes a block away and leaves its faults behind as errors, those among them for which there was no room. */
async function removeBlock(
  tx: Db,
  leased: LeasedImport,
  block: Next,
  imported: number,
  quota: number
): Promise<void> {
  const { code, message } = quotaExceeded(quota)
  const overflow = sql`union all (select t."row", '', ${code}::text, ${message}::text, null from gone, jsonb_to_recordset(gone.tasks) as t("row" int, id uuid) order by t.id offset ${imported})`
  if (block.invalid_rows === 0 && imported === block.valid_rows) {
    await tx.execute(sql`delete from task_import_blocks where ${isBlock(leased, block)}`)
    return
  }
  await tx.execute(sql`
    with gone as (delete from task_import_blocks where ${isBlock(leased, block)} returning tasks, errors)
    insert into task_import_errors (owner_id, import_id, "row", "column", code, message, value)
    select ${leased.owner_id}::uuid, ${leased.id}::uuid, e."row", e."column", e.code, e.message, e.value from (
      select f."row", f."column", f.code, f.message, f.value from gone, jsonb_to_recordset(gone.errors) as f("row" int, "column" text, code text, message text, value text)
      ${imported < block.valid_rows ? overflow : sql``}) as e`)
}

import { sql } from 'drizzle-orm'
import type { Db } from './client.ts'
import { executeRows } from './rows.ts'

/** Any number that all instances share: the ASCII codes of 'cloc'. */
const CLOCK_LOCK = 0x636c6f63

/**
 * By how much positions jump when the data turns up on another server: more than any server counts in its life, and
 * than any cursor is ahead that was given out after the dump was made.
 */
const JUMP = 2n ** 40n

/**
 * Makes the positions of changes grow on, whatever number the server gives the next transaction: one to which a dump
 * was restored may count from a smaller one. To be called at the start, after the migrations.
 */
export async function settleChangeClock(db: Db): Promise<void> {
  if (await isSettled(db)) {
    return
  }
  await db.transaction(async (tx) => {
    await tx.execute(sql`SELECT pg_advisory_xact_lock(${CLOCK_LOCK})`)
    if (await isSettled(tx)) {
      return
    }
    await tx.execute(sql`
      INSERT INTO change_clock AS clock (position_offset, system_identifier)
      SELECT 0, system_identifier::text FROM pg_control_system()
      ON CONFLICT (is_only) DO UPDATE
      SET
        position_offset = clock.position_offset + ${JUMP}::bigint,
        system_identifier = excluded.system_identifier`)
  })
}

async function isSettled(db: Db): Promise<boolean> {
  const [clock] = await executeRows<{ is_here: boolean }>(
    db,
    sql`
      SELECT system_identifier = (SELECT system_identifier::text FROM pg_control_system()) AS is_here
      FROM change_clock`
  )
  return clock?.is_here === true
}

const offset = sql`coalesce((SELECT position_offset FROM change_clock), 0)`

/** The position of what a statement writes: what the column has by itself, at half the price of a call. */
export const nextPosition = sql`${offset} + pg_current_xact_id()::text::bigint`

/** The position before which no change can appear any more; later ones may still be committed in any order. */
export const horizon = sql`
  ${offset} + pg_snapshot_xmin(pg_current_snapshot())::text::bigint`

import { sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { executeRows } from '../../db/rows.ts'

/** A task in the version that it has now, or had when it was purged. */
export type TaskVersion = { owner_id: string; id: string; version: number }

/** Returns the database's time as text. */
export async function readClock(db: Db): Promise<string> {
  const [row] = await executeRows<{ now: string }>(db, sql`SELECT now()::text AS now`)
  return row?.now ?? ''
}

/** Moves an owner's oldest live tasks that were created by `until` into the trash. */
export const trashOldest = (
  tx: Db,
  owner_id: string,
  until: string,
  limit: number
): Promise<TaskVersion[]> =>
  executeRows(
    tx,
    sql`
      UPDATE tasks
      SET deleted_at = now(), updated_at = now(), version = version + 1
      WHERE owner_id = ${owner_id} AND id IN (
        SELECT id
        FROM tasks
        WHERE owner_id = ${owner_id}
          AND deleted_at IS NULL
          AND created_at <= ${until}::timestamptz
        ORDER BY created_at
        LIMIT ${limit}
        FOR UPDATE
      )
      RETURNING owner_id, id, version`
  )

/** Deletes the tasks that have been in the trash longest, if it is more than `afterDays`. */
export const deleteTrashed = (tx: Db, afterDays: number, limit: number): Promise<TaskVersion[]> =>
  executeRows(
    tx,
    sql`
      DELETE FROM tasks
      WHERE (owner_id, id) IN (
        SELECT owner_id, id
        FROM tasks
        WHERE deleted_at < now() - make_interval(days => ${afterDays})
        ORDER BY deleted_at
        LIMIT ${limit}
        FOR UPDATE SKIP LOCKED
      )
      RETURNING owner_id, id, version`
  )

/** Deletes the events of deleted tasks. */
export async function deleteEvents(tx: Db, deleted: TaskVersion[]): Promise<void> {
  await tx.execute(sql`
    DELETE FROM task_events
    WHERE (owner_id, task_id) IN (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(deleted)}::jsonb) AS t(owner_id uuid, id uuid)
    )`)
}

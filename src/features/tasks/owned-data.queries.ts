import { sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import type { OwnedTable } from '../../db/delete-owned.ts'
import { executeRows } from '../../db/rows.ts'
import type { DoomedTask, TaskVersion } from './trash.queries.ts'

export const UNASSIGN_CHUNK = 1000

/** Lists personal tasks of an owner: those of a project are in the trash with it, until they are purged. */
export const listPersonalTasks = (tx: Db, userId: string, limit: number): Promise<DoomedTask[]> =>
  executeRows(
    tx,
    sql`
      SELECT owner_id, id, version, comment_count
      FROM tasks
      WHERE owner_id = ${userId} AND project_id IS NULL
      LIMIT ${limit}`
  )

export const OWNED_EVENTS: OwnedTable = {
  table: sql`task_events`,
  owner: sql`owner_id`,
  key: sql`task_id, version`,
  only: sql`NOT EXISTS (
    SELECT FROM tasks t WHERE t.owner_id = task_events.owner_id AND t.id = task_events.task_id
  )`
}

/**
 * Removes a user as assignee from a chunk of other people's tasks, either live ones or those in the trash; each gets a
 * new version. Waits for tasks that are being changed: none may be left.
 */
export const clearAssignee = (tx: Db, userId: string, isTrashed: boolean): Promise<TaskVersion[]> =>
  executeRows(
    tx,
    sql`
      UPDATE tasks
      SET assignee_id = NULL, version = version + 1, updated_at = now()
      WHERE (owner_id, id) IN (
        SELECT owner_id, id
        FROM tasks
        WHERE assignee_id = ${userId}
          AND owner_id <> ${userId}
          AND deleted_at ${isTrashed ? sql`IS NOT NULL` : sql`IS NULL`}
        LIMIT ${UNASSIGN_CHUNK}
        FOR UPDATE
      )
      RETURNING owner_id, id, version`
  )

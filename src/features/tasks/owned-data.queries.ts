import { sql } from 'drizzle-orm'
import { eachOwner, ofFewOwners } from '../../db/by-owner.ts'
import type { Db } from '../../db/client.ts'
import type { OwnedTable } from '../../db/delete-owned.ts'
import { executeRows, uuids } from '../../db/rows.ts'
import { type DoomedTask, type TaskVersion, taskVersion } from './trash.queries.ts'

const UNASSIGN_CHUNK = 1000
/** Owners whose tasks one transaction changes, by a statement for each. */
const MAX_OWNERS = 50

/** Lists personal tasks of an owner: those of a project are in the trash with it, until they are purged. */
export const listPersonalTasks = (tx: Db, userId: string, limit: number): Promise<DoomedTask[]> =>
  executeRows(
    tx,
    sql`
      SELECT ${taskVersion}, comment_count
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
 * new version. Waits for tasks that are being changed; `more` is true when some may be left.
 */
export async function clearAssignee(
  tx: Db,
  userId: string,
  isTrashed: boolean
): Promise<{ released: TaskVersion[]; more: boolean }> {
  const isTheirs = sql`
    assignee_id = ${userId} AND deleted_at ${isTrashed ? sql`IS NOT NULL` : sql`IS NULL`}`
  const found = await executeRows<{ owner_id: string; id: string }>(
    tx,
    sql`
      SELECT owner_id, id
      FROM tasks
      WHERE ${isTheirs} AND owner_id <> ${userId}
      LIMIT ${UNASSIGN_CHUNK}`
  )
  const few = ofFewOwners(found, MAX_OWNERS)
  const released = await eachOwner(few, (owner_id, own) =>
    executeRows<TaskVersion>(
      tx,
      sql`
        UPDATE tasks
        SET assignee_id = NULL, version = version + 1, updated_at = now()
        WHERE owner_id = ${owner_id} AND id = ANY(${uuids(own.map(({ id }) => id))}) AND ${isTheirs}
        RETURNING ${taskVersion}`
    )
  )
  return { released, more: found.length === UNASSIGN_CHUNK || released.length < found.length }
}

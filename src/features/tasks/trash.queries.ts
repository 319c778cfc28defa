import { sql } from 'drizzle-orm'
import { eachOwner, ofFewOwners } from '../../db/by-owner.ts'
import type { Db } from '../../db/client.ts'
import { executeRows, uuids } from '../../db/rows.ts'
import { tasks } from '../../db/tables/tasks.ts'
import { countEventsOf } from './events.queries.ts'

/** A task in the version that it has now, or had when it was purged, and whom it concerns. */
export type TaskVersion = {
  owner_id: string
  id: string
  version: number
  project_id: string | null
  assignee_id: string | null
}
/** What a statement returns of a task that it has changed. */
export const taskVersion = sql`owner_id, id, version, project_id, assignee_id`
/** A task that is to be deleted, with the number of comments that go with it. */
export type DoomedTask = TaskVersion & { comment_count: number }

/** Comments that are deleted in one transaction. */
const COMMENTS_CHUNK = 5000
/** Owners whose tasks are purged in one transaction, which takes some statements for each. */
const MAX_OWNERS = 20

/** Returns the first of some tasks, at least one, that have no more comments than one transaction deletes. */
export function withFewComments(tasks: DoomedTask[]): DoomedTask[] {
  let comments = 0
  for (const [index, { comment_count }] of tasks.entries()) {
    comments += comment_count
    if (comments > COMMENTS_CHUNK) {
      return tasks.slice(0, Math.max(index, 1))
    }
  }
  return tasks
}

/** Returns the database's time as text. */
export async function readClock(db: Db): Promise<string> {
  const [row] = await executeRows<{ now: string }>(db, sql`SELECT now()::text AS now`)
  return row?.now ?? ''
}

/**
 * Returns the oldest live personal tasks of an owner at the top level that were created by `until`, each with all that
 * is below it, as long as there is room for `rows` of them in all.
 */
export const listOldestTrees = (
  tx: Db,
  owner_id: string,
  until: string,
  { roots, rows }: { roots: number; rows: number }
): Promise<{ root_id: string; id: string }[]> => {
  const isBelow = (below: string, above: string) =>
    sql.raw(`
    ${below}.parent_id = ${above}.id AND ${below}.parent_id IS NOT NULL AND ${below}.deleted_at IS NULL`)
  return executeRows(
    tx,
    sql`
      SELECT r.id AS root_id, t.id
      FROM (
        SELECT id, created_at
        FROM tasks
        WHERE owner_id = ${owner_id}
          AND ${tasks.list_id} = ${owner_id}
          AND deleted_at IS NULL
          AND parent_id IS NULL
          AND created_at <= ${until}::timestamptz
        ORDER BY created_at, id
        LIMIT ${roots}
      ) r
      CROSS JOIN LATERAL (
        SELECT r.id
        UNION ALL
        SELECT c.id FROM tasks c WHERE c.owner_id = ${owner_id} AND ${isBelow('c', 'r')}
        UNION ALL
        SELECT g.id
        FROM tasks c
        CROSS JOIN LATERAL (
          SELECT g.id FROM tasks g WHERE g.owner_id = ${owner_id} AND ${isBelow('g', 'c')} OFFSET 0
        ) g
        WHERE c.owner_id = ${owner_id} AND ${isBelow('c', 'r')}
      ) t
      ORDER BY r.created_at, r.id
      LIMIT ${rows}`
  )
}

/** Moves live tasks of an owner into the trash; what is below another one is marked as having gone with the top one. */
export const trashTrees = (tx: Db, owner_id: string, ids: string[]): Promise<TaskVersion[]> =>
  executeRows(
    tx,
    sql`
      UPDATE tasks
      SET deleted_at = now(), updated_at = now(), version = version + 1,
        deleted_with = CASE WHEN parent_id IS NOT NULL THEN coalesce(
          (SELECT p.parent_id FROM tasks p WHERE p.owner_id = ${owner_id} AND p.id = tasks.parent_id),
          parent_id
        ) END
      WHERE owner_id = ${owner_id} AND id = ANY(${`{${ids.join()}}`}::uuid[]) AND deleted_at IS NULL
      RETURNING ${taskVersion}`
  )

/**
 * Locks the tasks that have been in the trash longest, if it is more than `afterDays`. They are sought first: one that
 * somebody has restored meanwhile stays.
 */
export async function lockTrashed(
  tx: Db,
  afterDays: number,
  limit: number
): Promise<{ locked: DoomedTask[]; more: boolean }> {
  const isDue = sql`deleted_at < now() - make_interval(days => ${afterDays})`
  const found = await executeRows<{ owner_id: string; id: string }>(
    tx,
    sql`SELECT owner_id, id FROM tasks WHERE ${isDue} ORDER BY deleted_at LIMIT ${limit}`
  )
  const few = ofFewOwners(found, MAX_OWNERS)
  const locked = await eachOwner(few, (owner_id, own) =>
    executeRows<DoomedTask>(
      tx,
      sql`
        SELECT ${taskVersion}, comment_count
        FROM tasks
        WHERE owner_id = ${owner_id} AND id = ANY(${uuids(own.map(({ id }) => id))}) AND ${isDue}
        FOR UPDATE SKIP LOCKED`
    )
  )
  return { locked, more: found.length === limit || few.length < found.length }
}

export async function deleteTasks(tx: Db, tasks: DoomedTask[]): Promise<void> {
  await eachOwner(tasks, (owner_id, own) =>
    executeRows(
      tx,
      sql`
        DELETE FROM tasks
        WHERE owner_id = ${owner_id} AND id = ANY(${uuids(own.map(({ id }) => id))})`
    )
  )
}

/** Deletes up to `limit` events of tasks, the oldest of each, and returns their number. */
export async function deleteEvents(tx: Db, tasks: TaskVersion[], limit: number): Promise<number> {
  let left = limit
  await eachOwner(tasks, async (owner_id, own) => {
    const ids = own.map(({ id }) => id)
    const isShort = (await countEventsOf(tx, owner_id, ids, left + 1)) <= left
    for (const some of isShort ? [ids] : ids.map((id) => [id])) {
      left -= left > 0 ? await deleteEventsOf(tx, owner_id, some, isShort ? undefined : left) : 0
    }
    return []
  })
  return limit - left
}

/** Up to a version where there is a limit: joined with the rows that are to go, it would be planned for few of them. */
async function deleteEventsOf(
  tx: Db,
  owner_id: string,
  ids: string[],
  limit: number | undefined
): Promise<number> {
  const areTheirs = sql`owner_id = ${owner_id} AND task_id = ANY(${uuids(ids)})`
  const isOld = sql`
    AND version <= (
      SELECT max(version)
      FROM (SELECT version FROM task_events WHERE ${areTheirs} ORDER BY version LIMIT ${limit}) oldest
    )`
  const deleted = await executeRows(
    tx,
    sql`
      DELETE FROM task_events
      WHERE ${areTheirs} ${limit === undefined ? sql`` : isOld}
      RETURNING 1 AS one`
  )
  return deleted.length
}

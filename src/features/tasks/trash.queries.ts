import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { executeRows } from '../../db/rows.ts'
import { taskListId, tasks } from '../../db/tables/tasks.ts'

/** A task in the version that it has now, or had when it was purged. */
export type TaskVersion = { owner_id: string; id: string; version: number }
/** A task that is to be deleted, with the number of comments that go with it. */
export type DoomedTask = TaskVersion & { comment_count: number }

/** Comments that are deleted in one transaction. */
const COMMENTS_CHUNK = 5000

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
          AND ${taskListId(tasks)} = ${owner_id}
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
        JOIN tasks g ON g.owner_id = c.owner_id AND ${isBelow('g', 'c')}
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
          (SELECT p.parent_id FROM tasks p WHERE p.owner_id = tasks.owner_id AND p.id = tasks.parent_id),
          parent_id
        ) END
      WHERE owner_id = ${owner_id} AND id = ANY(${`{${ids.join()}}`}::uuid[]) AND deleted_at IS NULL
      RETURNING owner_id, id, version`
  )

/** Locks the tasks that have been in the trash longest, if it is more than `afterDays`. */
export const lockTrashed = (tx: Db, afterDays: number, limit: number): Promise<DoomedTask[]> =>
  executeRows(
    tx,
    sql`
      SELECT owner_id, id, version, comment_count
      FROM tasks
      WHERE deleted_at < now() - make_interval(days => ${afterDays})
      ORDER BY deleted_at
      LIMIT ${limit}
      FOR UPDATE SKIP LOCKED`
  )

const keysOf = (tasks: TaskVersion[]): SQL => sql`
  SELECT * FROM jsonb_to_recordset(${JSON.stringify(tasks)}::jsonb) AS t(owner_id uuid, id uuid)`

export async function deleteTasks(tx: Db, tasks: TaskVersion[]): Promise<void> {
  await tx.execute(sql`DELETE FROM tasks WHERE (owner_id, id) IN (${keysOf(tasks)})`)
}

/** Deletes up to `limit` events of tasks and returns their number. */
export async function deleteEvents(tx: Db, tasks: TaskVersion[], limit: number): Promise<number> {
  const deleted = await executeRows(
    tx,
    sql`
      DELETE FROM task_events
      WHERE (owner_id, task_id, version) IN (
        SELECT e.owner_id, e.task_id, e.version
        FROM (${keysOf(tasks)}) k
        JOIN task_events e ON e.owner_id = k.owner_id AND e.task_id = k.id
        LIMIT ${limit}
      )
      RETURNING 1 AS one`
  )
  return deleted.length
}

import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { executeRows } from '../../db/rows.ts'
import { positionAt, taskPosition, tasks } from '../../db/tables/tasks.ts'
import type { TaskSubtasks } from './schema.ts'
import type { TaskVersion } from './trash.queries.ts'

/** A live task as a part of its tree. */
export type TaskNode = {
  owner_id: string
  id: string
  parent_id: string | null
  assignee_id: string | null
  comment_count: number
}

/** Where a task stands, in which state it may be. */
export type Standing = Pick<TaskNode, 'owner_id' | 'id' | 'parent_id'> & {
  project_id: string | null
}

const uuids = (ids: Iterable<string>): SQL => sql`${`{${[...ids].join()}}`}::uuid[]`
/** The tasks that a statement names, under whose owners they are found. */
const named = (named: { owner_id: string; id: string }[]): SQL => sql`
  owner_id = ANY(${uuids(new Set(named.map(({ owner_id }) => owner_id)))})
    AND id = ANY(${uuids(named.map(({ id }) => id))})`

/** Returns where tasks stand, whoever may see them, without a lock. */
export const listStandings = (tx: Db, ids: string[]): Promise<Standing[]> =>
  ids.length === 0
    ? Promise.resolve([])
    : executeRows(
        tx,
        sql`SELECT owner_id, id, parent_id, project_id FROM tasks WHERE tasks.id = ANY(${uuids(ids)})`
      )

/**
 * Locks lists until the transaction ends, for those who change which task is below which in them, or delete a task
 * with what is below: one at a time in a list.
 */
export async function lockLists(tx: Db, listIds: string[]): Promise<void> {
  await tx.execute(sql`
    SELECT pg_advisory_xact_lock(hashtextextended('task tree ' || id, 0))
    FROM unnest(${`{${[...listIds].sort().join()}}`}::text[]) AS id`)
}

/** Locks tasks in the order of ids until the transaction ends. */
export async function lockRows(tx: Db, rows: { owner_id: string; id: string }[]): Promise<void> {
  await tx.execute(sql`SELECT FROM tasks WHERE ${named(rows)} ORDER BY id FOR UPDATE`)
}

const isBelow = (above: string) => sql`
  FROM ${sql.raw(above)} a
  JOIN tasks t ON t.owner_id = a.owner_id AND t.parent_id = a.id AND t.parent_id IS NOT NULL`
const NODE = sql`t.owner_id, t.id, t.parent_id, t.assignee_id, t.comment_count`

/** Returns all live tasks of the trees that some live tasks are in; no tree has more than three levels. */
export const listTrees = (tx: Db, of: { owner_id: string; id: string }[]): Promise<TaskNode[]> =>
  of.length === 0
    ? Promise.resolve([])
    : executeRows(
        tx,
        sql`
          WITH roots AS (
            SELECT DISTINCT t.owner_id, coalesce(p.parent_id, t.parent_id, t.id) AS id
            FROM (SELECT * FROM tasks WHERE ${named(of)} AND deleted_at IS NULL) t
            LEFT JOIN tasks p ON p.owner_id = t.owner_id AND p.id = t.parent_id
          ),
          level1 AS (
            SELECT ${NODE}
            FROM roots r
            JOIN tasks t ON t.owner_id = r.owner_id AND t.id = r.id
            WHERE t.deleted_at IS NULL
          ),
          level2 AS (SELECT ${NODE} ${isBelow('level1')} WHERE t.deleted_at IS NULL),
          level3 AS (SELECT ${NODE} ${isBelow('level2')} WHERE t.deleted_at IS NULL)
          SELECT * FROM level1 UNION ALL SELECT * FROM level2 UNION ALL SELECT * FROM level3`
      )

/** Returns what is below a task in the trash and went there with it, or together with it. */
export const listGoneWith = (
  tx: Db,
  { owner_id, id }: { owner_id: string; id: string }
): Promise<TaskNode[]> => {
  const isGone = sql`t.deleted_at IS NOT NULL AND t.deleted_with = ANY(a.gone_with)`
  const columns = sql`${NODE}, a.gone_with`
  return executeRows(
    tx,
    sql`
      WITH level1 AS (
        SELECT owner_id, id, ARRAY[id, deleted_with] AS gone_with
        FROM tasks
        WHERE owner_id = ${owner_id} AND id = ${id} AND deleted_at IS NOT NULL
      ),
      level2 AS (SELECT ${columns} ${isBelow('level1')} WHERE ${isGone}),
      level3 AS (SELECT ${columns} ${isBelow('level2')} WHERE ${isGone})
      SELECT owner_id, id, parent_id, assignee_id, comment_count FROM level2
      UNION ALL
      SELECT owner_id, id, parent_id, assignee_id, comment_count FROM level3`
  )
}

const change = (
  tx: Db,
  owner_id: string,
  ids: string[],
  { set, where, ...more }: { set: SQL; where: SQL; with?: SQL; from?: SQL }
): Promise<TaskVersion[]> =>
  executeRows(
    tx,
    sql`
      ${more.with ?? sql``}
      UPDATE tasks
      SET ${set}, version = version + 1, updated_at = now()
      ${more.from ?? sql``}
      WHERE owner_id = ${owner_id} AND id = ANY(${uuids(ids)}) AND ${where}
      RETURNING owner_id, id, version`
  )
const isLive = sql`deleted_at IS NULL`

/** Moves locked tasks into the trash, where they are marked as having gone with one above them. */
export const trashWith = (
  tx: Db,
  owner_id: string,
  ids: string[],
  rootId: string
): Promise<TaskVersion[]> =>
  change(tx, owner_id, ids, {
    set: sql`deleted_at = now(), deleted_with = ${rootId}`,
    where: isLive
  })

/** Moves tasks out of the trash, and unmarks them. */
export const untrash = (tx: Db, owner_id: string, ids: string[]): Promise<TaskVersion[]> =>
  change(tx, owner_id, ids, {
    set: sql`deleted_at = NULL, deleted_with = NULL`,
    where: sql`deleted_at IS NOT NULL`
  })

/**
 * Puts locked tasks at the end of another list, whose owner gets them, in the order that they have; they keep who made
 * them.
 */
export const putIntoList = (
  tx: Db,
  owner_id: string,
  ids: string[],
  to: { project_id: string | null; owner_id: string }
): Promise<TaskVersion[]> =>
  change(tx, owner_id, ids, {
    with: sql`
      WITH ordered AS (
        SELECT id AS ordered_id, row_number() OVER (ORDER BY ${taskPosition(tasks)}, id) * interval '1 ms' AS later
        FROM tasks
        WHERE owner_id = ${owner_id} AND id = ANY(${uuids(ids)})
      )`,
    from: sql`FROM ordered`,
    set: sql`
      project_id = ${to.project_id}::uuid,
      owner_id = ${to.owner_id}::uuid,
      created_by = CASE
        WHEN owner_id = ${to.owner_id}::uuid THEN created_by
        ELSE coalesce(created_by, owner_id)
      END,
      position = ${positionAt(sql`(now() + later)`, sql`id`)}`,
    where: sql`${isLive} AND id = ordered_id`
  })

/**
 * Writes live tasks anew as they are, and tells how many there were. The deletion of a task that has nothing below it
 * takes one statement and no lock of the list: it gives up when the task has been written since the statement began.
 */
export async function touchRows(tx: Db, rows: { owner_id: string; id: string }[]): Promise<number> {
  const touched = await executeRows(
    tx,
    sql`
      UPDATE tasks SET version = version
      WHERE ${named(rows)} AND deleted_at IS NULL
      RETURNING id`
  )
  return touched.length
}

/** Returns which of some tasks are below another one, or have live ones below them, whoever may see them. */
export const listLinked = (
  tx: Db,
  ids: string[]
): Promise<{ id: string; has_parent: boolean; has_subtasks: boolean }[]> => {
  const hasSubtasks = sql`
    EXISTS (
      SELECT FROM tasks c
      WHERE c.owner_id = tasks.owner_id AND c.parent_id = tasks.id AND c.parent_id IS NOT NULL
        AND c.deleted_at IS NULL
    )`
  return ids.length === 0
    ? Promise.resolve([])
    : executeRows(
        tx,
        sql`
          SELECT id, parent_id IS NOT NULL AS has_parent, ${hasSubtasks} AS has_subtasks
          FROM tasks
          WHERE tasks.id = ANY(${uuids(ids)}) AND deleted_at IS NULL
            AND (parent_id IS NOT NULL OR ${hasSubtasks})`
      )
}

/** Returns the version of a task that went into the trash with one of others. */
export async function findGoneVersion(
  tx: Db,
  id: string,
  withIds: string[]
): Promise<number | undefined> {
  const [row] = await executeRows<{ version: number }>(
    tx,
    sql`
      SELECT version FROM tasks
      WHERE tasks.id = ${id} AND deleted_at IS NOT NULL AND deleted_with = ANY(${uuids(withIds)})`
  )
  return row?.version
}

/** Counts the live tasks directly below some tasks, in one statement. */
export async function countSubtasks(
  db: Db,
  of: { owner_id: string; id: string }[]
): Promise<Map<string, TaskSubtasks>> {
  if (of.length === 0) {
    return new Map()
  }
  const owners = uuids(new Set(of.map(({ owner_id }) => owner_id)))
  const counted = await executeRows<TaskSubtasks & { parent_id: string }>(
    db,
    sql`
      SELECT
        parent_id,
        count(*)::int AS total,
        (count(*) FILTER (WHERE status = 'done'))::int AS done
      FROM tasks
      WHERE owner_id = ANY(${owners})
        AND parent_id = ANY(${uuids(of.map(({ id }) => id))})
        AND deleted_at IS NULL
      GROUP BY parent_id`
  )
  return new Map(counted.map(({ parent_id, total, done }) => [parent_id, { total, done }]))
}

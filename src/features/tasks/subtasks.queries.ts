import { type SQL, sql } from 'drizzle-orm'
import type { Caller } from '../../core/context.ts'
import { eachOwner } from '../../db/by-owner.ts'
import type { Db } from '../../db/client.ts'
import { executeRows, uuids } from '../../db/rows.ts'
import { positionAt, taskPosition, tasks } from '../../db/tables/tasks.ts'
import { isInReach } from './others.queries.ts'
import type { TaskSubtasks } from './schema.ts'
import { type TaskVersion, taskVersion } from './trash.queries.ts'

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

type Key = { owner_id: string; id: string }

/** The tasks of an owner that a statement names. */
const isNamed = (owner_id: string, rows: Key[]): SQL =>
  sql`owner_id = ${owner_id} AND id = ANY(${uuids(rows.map(({ id }) => id))})`

/**
 * Returns where tasks stand, without a lock: whoever may see them, or only those of owners whose tasks the caller may
 * see, where each owner has to be asked for.
 */
export async function listStandings(tx: Db, caller: Caller, ids: string[]): Promise<Standing[]> {
  if (ids.length === 0) {
    return []
  }
  const isReached = await isInReach(tx, caller)
  return executeRows(
    tx,
    sql`
      SELECT owner_id, id, parent_id, project_id FROM tasks
      WHERE tasks.id = ANY(${uuids(ids)}) AND ${isReached}`
  )
}

/**
 * Locks lists until the transaction ends, for those who change which task is below which in them, or delete a task
 * with what is below: one at a time in a list.
 */
export async function lockLists(tx: Db, listIds: string[]): Promise<void> {
  await tx.execute(sql`
    SELECT pg_advisory_xact_lock(hashtextextended('task tree ' || id, 0))
    FROM unnest(${`{${[...listIds].sort().join()}}`}::text[]) AS id`)
}

/** Locks tasks in the order of owners and ids until the transaction ends. */
export async function lockRows(tx: Db, rows: Key[]): Promise<void> {
  await eachOwner(rows, (owner_id, own) =>
    executeRows(
      tx,
      sql`SELECT 1 AS one FROM tasks WHERE ${isNamed(owner_id, own)} ORDER BY id FOR UPDATE`
    )
  )
}

/**
 * A fence (OFFSET 0) around each look-up: while the statistics know of no subtasks yet, a plain join would read the
 * whole index of subtasks for each task above.
 */
const isBelow = (above: string, owner_id: string) => sql`
  FROM ${sql.raw(above)} a
  CROSS JOIN LATERAL (
    SELECT *
    FROM tasks
    WHERE tasks.owner_id = ${owner_id} AND tasks.parent_id = a.id AND tasks.parent_id IS NOT NULL
    OFFSET 0
  ) t`
const NODE = sql`t.owner_id, t.id, t.parent_id, t.assignee_id, t.comment_count`

/** Returns all live tasks of the trees that some live tasks are in; no tree has more than three levels. */
export const listTrees = (tx: Db, of: Key[]): Promise<TaskNode[]> =>
  eachOwner(of, (owner_id, own) => {
    const below = (above: string) =>
      sql`SELECT ${NODE} ${isBelow(above, owner_id)} WHERE t.deleted_at IS NULL`
    return executeRows(
      tx,
      sql`
        WITH roots AS (
          SELECT DISTINCT coalesce(p.parent_id, t.parent_id, t.id) AS id
          FROM (SELECT * FROM tasks WHERE ${isNamed(owner_id, own)} AND deleted_at IS NULL) t
          LEFT JOIN tasks p ON p.owner_id = ${owner_id} AND p.id = t.parent_id
        ),
        level1 AS (
          SELECT ${NODE}
          FROM roots r
          JOIN tasks t ON t.owner_id = ${owner_id} AND t.id = r.id
          WHERE t.deleted_at IS NULL
        ),
        level2 AS (${below('level1')}),
        level3 AS (${below('level2')})
        SELECT * FROM level1 UNION ALL SELECT * FROM level2 UNION ALL SELECT * FROM level3`
    )
  })

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
      level2 AS (SELECT ${columns} ${isBelow('level1', owner_id)} WHERE ${isGone}),
      level3 AS (SELECT ${columns} ${isBelow('level2', owner_id)} WHERE ${isGone})
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
      RETURNING ${taskVersion}`
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

/** Puts locked tasks at the end of another list of their owner, in the order that they have. */
export const putIntoList = (
  tx: Db,
  ids: string[],
  { owner_id, project_id }: { project_id: string | null; owner_id: string }
): Promise<TaskVersion[]> =>
  change(tx, owner_id, ids, {
    with: sql`
      WITH ordered AS (
        SELECT id AS ordered_id, row_number() OVER (ORDER BY ${taskPosition(tasks)}, id) AS later
        FROM tasks
        WHERE owner_id = ${owner_id} AND id = ANY(${uuids(ids)})
      )`,
    from: sql`FROM ordered`,
    set: sql`
      project_id = ${project_id}::uuid,
      position = ${positionAt(sql`now()`, sql`id`, sql`later`)}`,
    where: sql`${isLive} AND id = ordered_id`
  })

/**
 * Writes live tasks anew as they are, and tells how many there were. The deletion of a task that has nothing below it
 * takes one statement and no lock of the list: it gives up when the task has been written since the statement began.
 */
export async function touchRows(tx: Db, rows: Key[]): Promise<number> {
  const touched = await eachOwner(rows, (owner_id, own) =>
    executeRows(
      tx,
      sql`
        UPDATE tasks SET version = version
        WHERE ${isNamed(owner_id, own)} AND deleted_at IS NULL
        RETURNING id`
    )
  )
  return touched.length
}

/** Returns which of some tasks that the caller may see are below another one, or have live ones below them. */
export async function listLinked(tx: Db, caller: Caller, ids: string[]): Promise<Set<string>> {
  if (ids.length === 0) {
    return new Set()
  }
  const found = await executeRows<{ owner_id: string; id: string; has_parent: boolean }>(
    tx,
    sql`
      SELECT owner_id, id, parent_id IS NOT NULL AS has_parent
      FROM tasks
      WHERE tasks.id = ANY(${uuids(ids)}) AND ${await isInReach(tx, caller)} AND deleted_at IS NULL`
  )
  // A sub-query about the owner of each would be put to every server.
  const subtasks = await countSubtasks(
    tx,
    found.filter(({ has_parent }) => !has_parent)
  )
  const linked = found.filter(({ id, has_parent }) => has_parent || subtasks.has(id))
  return new Set(linked.map(({ id }) => id))
}

/** Returns the version of a task in the caller's reach that went into the trash with one of others. */
export async function findGoneVersion(
  tx: Db,
  caller: Caller,
  id: string,
  withIds: string[]
): Promise<number | undefined> {
  const [row] = await executeRows<{ version: number }>(
    tx,
    sql`
      SELECT version FROM tasks
      WHERE tasks.id = ${id} AND ${await isInReach(tx, caller)} AND deleted_at IS NOT NULL
        AND deleted_with = ANY(${uuids(withIds)})`
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

import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { executeRows } from '../../db/rows.ts'
import { tasks } from '../../db/tables/tasks.ts'
import type { TaskList } from '../project-access/schema.ts'
import { giveTasks } from './give.queries.ts'
import { type TaskVersion, taskVersion } from './trash.queries.ts'

/** The tasks of a project. */
const isIn = ({ list_id, owner_id }: TaskList): SQL =>
  sql`${tasks.owner_id} = ${owner_id} AND ${tasks.list_id} = ${list_id}`

/** Changes up to `limit` tasks of a project to a new version. Waits for those that are being changed. */
const change = (
  tx: Db,
  project: TaskList,
  { set, where, limit }: { set: SQL; where: SQL; limit: number }
): Promise<TaskVersion[]> =>
  executeRows(
    tx,
    sql`
      UPDATE tasks
      SET ${set}, version = version + 1, updated_at = now()
      WHERE owner_id = ${project.owner_id} AND id IN (
        SELECT id FROM tasks WHERE ${isIn(project)} AND ${where} LIMIT ${limit} FOR UPDATE
      )
      RETURNING ${taskVersion}`
  )

/** Moves live tasks of a project into the trash, where they are marked as having gone with it. */
export const trashTasksOf = (tx: Db, project: TaskList, limit: number): Promise<TaskVersion[]> =>
  change(tx, project, {
    set: sql`deleted_at = now(), deleted_with = ${project.list_id}`,
    where: sql`deleted_at IS NULL`,
    limit
  })

/**
 * Moves those tasks out of the trash that went there with their project. One whose parent was deleted before it came
 * back is at the top level.
 */
export const restoreTasksOf = (tx: Db, project: TaskList, limit: number): Promise<TaskVersion[]> =>
  change(tx, project, {
    set: sql`
      deleted_at = NULL,
      deleted_with = NULL,
      parent_id = CASE
        WHEN EXISTS (
          SELECT FROM tasks p
          WHERE p.owner_id = ${project.owner_id} AND p.id = tasks.parent_id AND p.deleted_at IS NOT NULL
            AND p.deleted_with IS DISTINCT FROM ${project.list_id}
        ) THEN NULL
        ELSE parent_id
      END`,
    where: sql`deleted_at IS NOT NULL AND deleted_with = ${project.list_id}`,
    limit
  })

/** Takes somebody off tasks of a project, deleted ones included. */
export const unassignTasksOf = (
  tx: Db,
  project: TaskList,
  userId: string,
  limit: number
): Promise<TaskVersion[]> =>
  change(tx, project, {
    set: sql`assignee_id = NULL`,
    where: sql`assignee_id = ${userId}`,
    limit
  })

/** Gives tasks of a project, either live ones or those in the trash, to another owner; they keep who made them. */
export async function giveTasksOf(
  tx: Db,
  project: TaskList,
  { ownerId, isTrashed, limit }: { ownerId: string; isTrashed: boolean; limit: number }
): Promise<TaskVersion[]> {
  const state = isTrashed ? sql`deleted_at IS NOT NULL` : sql`deleted_at IS NULL`
  const given = await executeRows<TaskVersion>(
    tx,
    sql`
      SELECT ${taskVersion} FROM tasks WHERE ${isIn(project)} AND ${state} LIMIT ${limit} FOR UPDATE`
  )
  if (given.length > 0) {
    const ids = given.map(({ id }) => id)
    const set = { version: sql`version + 1`, updated_at: sql`now()` }
    await giveTasks(tx, ids, project.owner_id, ownerId, set)
  }
  return given.map((task) => ({ ...task, owner_id: ownerId, version: task.version + 1 }))
}

/** Counts tasks of a project, up to `most`. */
export async function countTasksOf(
  tx: Db,
  project: TaskList,
  which: 'live' | 'trashed' | 'gone with it' | 'live or gone with it',
  most: number
): Promise<number> {
  const states = {
    live: sql`deleted_at IS NULL`,
    trashed: sql`deleted_at IS NOT NULL`,
    'gone with it': sql`deleted_at IS NOT NULL AND deleted_with = ${project.list_id}`,
    'live or gone with it': sql`(deleted_at IS NULL OR deleted_with = ${project.list_id})`
  }
  const [row] = await executeRows<{ count: number }>(
    tx,
    sql`
      SELECT count(*)::int AS count
      FROM (SELECT FROM tasks WHERE ${isIn(project)} AND ${states[which]} LIMIT ${most}) AS counted`
  )
  return row?.count ?? 0
}

/** Counts the comments on all tasks of a project, deleted ones included. */
export async function countCommentsOf(tx: Db, project: TaskList): Promise<number> {
  const ofTasks = (state: SQL) =>
    sql`SELECT comment_count FROM tasks WHERE ${isIn(project)} AND ${state}`
  const [row] = await executeRows<{ count: number }>(
    tx,
    sql`
      SELECT coalesce(sum(comment_count), 0)::int AS count
      FROM (${ofTasks(sql`deleted_at IS NULL`)} UNION ALL ${ofTasks(sql`deleted_at IS NOT NULL`)}) AS counted`
  )
  return row?.count ?? 0
}

/** Counts the live tasks of projects by state, in one statement. */
export const countByStatus = (
  db: Db,
  projects: TaskList[]
): Promise<{ list_id: string; todo: number; in_progress: number; done: number }[]> =>
  executeRows(
    db,
    sql`
      SELECT
        list_id,
        (count(*) FILTER (WHERE status = 'todo'))::int AS todo,
        (count(*) FILTER (WHERE status = 'in_progress'))::int AS in_progress,
        (count(*) FILTER (WHERE status = 'done'))::int AS done
      FROM tasks
      WHERE ${tasks.list_id} = ANY(${`{${projects.map(({ list_id }) => list_id).join()}}`}::uuid[])
        AND owner_id = ANY(${`{${projects.map(({ owner_id }) => owner_id).join()}}`}::uuid[])
        AND deleted_at IS NULL
      GROUP BY list_id`
  )

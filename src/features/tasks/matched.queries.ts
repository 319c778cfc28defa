import { and, eq, inArray, isNull, ne, sql } from 'drizzle-orm'
import { eachOwner } from '../../db/by-owner.ts'
import type { Db } from '../../db/client.ts'
import { executeRows } from '../../db/rows.ts'
import { projects } from '../../db/tables/projects.ts'
import { tasks } from '../../db/tables/tasks.ts'
import type { TaskList } from '../project-access/schema.ts'
import { othersTask } from './access.sql.ts'
import { taskColumns } from './columns.sql.ts'
import type { Task } from './schema.ts'

/** A task and whether it can be changed: its project may be archived. */
export type LockedTask = Task & { is_open: boolean }

/**
 * Returns the tasks of a user, and those of some projects, that have these ids, deleted or not, locked until the
 * transaction ends.
 */
export async function lockTasksIn(
  tx: Db,
  user_id: string,
  shared: TaskList[],
  ids: string[]
): Promise<LockedTask[]> {
  const lists = [{ owner_id: user_id, list_id: user_id }, ...shared]
  const locked: Task[] = await eachOwner(lists, (owner_id, own) => {
    const listIds = own.map(({ list_id }) => list_id)
    return tx
      .select(taskColumns)
      .from(tasks)
      .where(
        and(
          eq(tasks.owner_id, owner_id),
          inArray(tasks.id, ids),
          owner_id === user_id ? undefined : inArray(tasks.project_id, listIds)
        )
      )
      .orderBy(tasks.id)
      .for('update')
  })
  const projectIds = locked.flatMap(({ project_id }) => project_id ?? [])
  const open = await listOpenProjects(tx, [...new Set(projectIds)])
  return locked.map((task) => ({
    ...task,
    is_open: task.project_id === null || open.has(task.project_id)
  }))
}

/** Returns which of some projects are neither archived nor deleted. */
async function listOpenProjects(tx: Db, ids: string[]): Promise<Set<string>> {
  if (ids.length === 0) {
    return new Set()
  }
  const { id, archived, deleted_at } = projects
  const found = await tx
    .select({ id })
    .from(projects)
    .where(and(inArray(id, ids), eq(archived, false), isNull(deleted_at)))
  return new Set(found.map((project) => project.id))
}

/** Returns which of these ids are of tasks that are somebody else's and that a user sees. */
export async function listSeenIds(tx: Db, user_id: string, ids: string[]): Promise<Set<string>> {
  if (ids.length === 0) {
    return new Set()
  }
  const found = await tx
    .select({ id: tasks.id })
    .from(tasks)
    .where(and(inArray(tasks.id, ids), ne(tasks.owner_id, user_id), othersTask(user_id, false)))
  return new Set(found.map(({ id }) => id))
}

/** Sets when tasks that are done were finished. */
export async function setCompletion(
  tx: Db,
  completions: { owner_id: string; id: string; completed_at: string }[]
): Promise<void> {
  await eachOwner(completions, (owner_id, own) =>
    executeRows(
      tx,
      sql`
        UPDATE tasks
        SET completed_at = least(v.completed_at, now())
        FROM jsonb_to_recordset(${JSON.stringify(own)}::jsonb) AS v(id uuid, completed_at timestamptz)
        WHERE tasks.owner_id = ${owner_id} AND tasks.id = v.id AND tasks.status = 'done'`
    )
  )
}

import { and, eq, inArray, ne, or, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { tasks } from '../../db/tables/tasks.ts'
import type { TaskList } from '../project-access/schema.ts'
import { isOpen, othersTask } from './access.sql.ts'
import { taskColumns } from './columns.sql.ts'
import type { Task } from './schema.ts'

/** A task and whether it can be changed: its project may be archived. */
export type LockedTask = Task & { is_open: boolean }

/**
 * Returns the tasks of a user, and those of some projects, that have these ids, deleted or not, locked until the
 * transaction ends.
 */
export function lockTasksIn(
  tx: Db,
  user_id: string,
  projects: TaskList[],
  ids: string[]
): Promise<LockedTask[]> {
  const isInProject = and(
    inArray(
      tasks.owner_id,
      projects.map(({ owner_id }) => owner_id)
    ),
    inArray(
      tasks.project_id,
      projects.map(({ list_id }) => list_id)
    )
  )
  const isOwn = eq(tasks.owner_id, user_id)
  return tx
    .select({ ...taskColumns, is_open: sql<boolean>`${isOpen}`.as('is_open') })
    .from(tasks)
    .where(and(projects.length === 0 ? isOwn : or(isOwn, isInProject), inArray(tasks.id, ids)))
    .orderBy(tasks.id)
    .for('update')
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
  await tx.execute(sql`
    UPDATE tasks
    SET completed_at = least(v.completed_at, now())
    FROM jsonb_to_recordset(${JSON.stringify(completions)}::jsonb)
      AS v(owner_id uuid, id uuid, completed_at timestamptz)
    WHERE tasks.owner_id = v.owner_id AND tasks.id = v.id AND tasks.status = 'done'`)
}

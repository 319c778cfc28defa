import { and, eq, inArray, ne, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { tasks } from '../../db/tables/tasks.ts'
import { isOpen, othersTask } from './access.sql.ts'
import { taskColumns } from './columns.sql.ts'
import type { Task } from './schema.ts'

/** A task and whether it can be changed: its project may be archived. */
export type LockedTask = Task & { is_open: boolean }

/** Returns the tasks of an owner that have these ids, deleted or not, locked until the transaction ends. */
export const lockOwnTasks = (tx: Db, owner_id: string, ids: string[]): Promise<LockedTask[]> =>
  tx
    .select({ ...taskColumns, is_open: sql<boolean>`${isOpen}`.as('is_open') })
    .from(tasks)
    .where(and(eq(tasks.owner_id, owner_id), inArray(tasks.id, ids)))
    .orderBy(tasks.id)
    .for('update')

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
  owner_id: string,
  completions: { id: string; completed_at: string }[]
): Promise<void> {
  await tx.execute(sql`
    UPDATE tasks
    SET completed_at = least(v.completed_at, now())
    FROM jsonb_to_recordset(${JSON.stringify(completions)}::jsonb)
      AS v(id uuid, completed_at timestamptz)
    WHERE tasks.owner_id = ${owner_id} AND tasks.id = v.id AND tasks.status = 'done'`)
}

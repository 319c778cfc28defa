import { and, asc, eq, gt, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { taskEvents } from '../../db/tables/task-events.ts'
import { tasks } from '../../db/tables/tasks.ts'
import { taskColumns } from './columns.sql.ts'
import type { Task } from './schema.ts'

/** Returns tasks of an owner, deleted ones included, in the order of ids, after one if it is given. */
export const listOwnTasksById = (
  db: Db,
  owner_id: string,
  limit: number,
  after?: Task
): Promise<Task[]> =>
  db
    .select(taskColumns)
    .from(tasks)
    .where(and(eq(tasks.owner_id, owner_id), after && gt(tasks.id, after.id)))
    .orderBy(asc(tasks.id))
    .limit(limit)

/** Returns the history of all tasks of an owner, task by task, after an event if one is given. */
export function listOwnEvents(
  db: Db,
  owner_id: string,
  limit: number,
  after?: { task_id: string; version: number }
) {
  const { id, task_id, version, type, actor_id, request_id, changes, created_at } = taskEvents
  const isAfter =
    after && sql`(${task_id}, ${version}) > (${after.task_id}::uuid, ${after.version}::int)`
  return db
    .select({ id, task_id, version, type, actor_id, request_id, changes, created_at })
    .from(taskEvents)
    .where(and(eq(taskEvents.owner_id, owner_id), isAfter))
    .orderBy(asc(task_id), asc(version))
    .limit(limit)
}

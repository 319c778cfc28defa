import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { copyToOwner, giveOwned } from '../../db/give-owned.ts'
import { uuids } from '../../db/rows.ts'
import { taskComments } from '../../db/tables/task-comments.ts'
import { taskEvents } from '../../db/tables/task-events.ts'
import { tasks } from '../../db/tables/tasks.ts'

/**
 * Gives locked tasks of an owner with their comments to another one, with other values where `set` has some; they keep
 * who made them.
 */
export async function giveTasks(
  tx: Db,
  ids: string[],
  from: string,
  to: string,
  set: Record<string, SQL> = {}
): Promise<void> {
  const areGiven = sql`id = ANY(${uuids(ids)})`
  const created_by = sql`coalesce(created_by, owner_id)`
  await copyToOwner(tx, { table: tasks, where: areGiven }, from, to, { created_by, ...set })
  const areOnThem = sql`task_id = ANY(${uuids(ids)})`
  await copyToOwner(tx, { table: taskComments, where: areOnThem }, from, to)
  // The old comments go with them.
  await tx.execute(sql`DELETE FROM tasks WHERE owner_id = ${from} AND ${areGiven}`)
}

/** Gives the history of tasks to another owner, and returns how many events that was. */
export const giveEvents = (tx: Db, ids: string[], from: string, to: string): Promise<number> =>
  giveOwned(tx, { table: taskEvents, where: sql`task_id = ANY(${uuids(ids)})` }, from, to)

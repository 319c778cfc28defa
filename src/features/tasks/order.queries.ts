import { and, eq, gt, lt, ne, or, type SQL, sql } from 'drizzle-orm'
import type { Caller } from '../../core/context.ts'
import type { Db } from '../../db/client.ts'
import { executeRows } from '../../db/rows.ts'
import { taskPosition, tasks } from '../../db/tables/tasks.ts'
import type { TaskList } from '../project-access/schema.ts'
import { isLive, isManager, othersTask } from './access.sql.ts'
import { isInReach } from './others.queries.ts'
import type { TaskVersion } from './trash.queries.ts'

/** Where a task is in the order of its list; ties are decided by the id. */
export type Placed = { id: string; position: string }
export type Side = 'before' | 'after'

const position = taskPosition(tasks)
const placed = {
  id: tasks.id,
  position: sql<string>`${position}`.as('position')
}

const isIn = ({ list_id, owner_id }: TaskList): SQL =>
  and(eq(tasks.owner_id, owner_id), eq(tasks.list_id, sql`${list_id}::uuid`), isLive) as SQL

/** Lets one move of a list after the other happen, until the transaction ends. */
export async function lockOrder(tx: Db, listId: string): Promise<void> {
  await tx.execute(sql`SELECT pg_advisory_xact_lock(hashtextextended(${`order ${listId}`}, 0))`)
}

/** Returns the list that a task is in that the caller may see. */
export async function findListOf(
  db: Db,
  caller: Caller,
  id: string
): Promise<TaskList | undefined> {
  const [list] = await db
    .select({ list_id: tasks.list_id, owner_id: tasks.owner_id })
    .from(tasks)
    .where(and(eq(tasks.id, id), await isInReach(db, caller)))
  return list
}

/** Returns a live task of a list. */
export async function findInList(db: Db, list: TaskList, id: string): Promise<Placed | undefined> {
  const [found] = await db
    .select(placed)
    .from(tasks)
    .where(and(isIn(list), eq(tasks.id, id)))
  return found
}

/** Tells whether the caller sees a task, and whether it is in the trash; undefined when they do not. */
export async function findSeen(
  db: Db,
  caller: Caller,
  id: string
): Promise<{ is_live: boolean } | undefined> {
  const isSeen = or(eq(tasks.owner_id, caller.id), othersTask(caller.id, isManager(caller)))
  const [seen] = await db
    .select({ is_live: sql<boolean>`${isLive}` })
    .from(tasks)
    .where(and(eq(tasks.id, id), isSeen, await isInReach(db, caller)))
  return seen
}

/** A direction from a place in a list; without a place it is from an end of the list. */
export interface From {
  place: Placed | null
  side: Side
}

/** Returns tasks of a list in a direction, the nearest first, without one of them. */
export function listFrom(
  db: Db,
  list: TaskList,
  { place, side }: From,
  without: string,
  limit: number
): Promise<Placed[]> {
  const key = sql`(${position}, ${tasks.id})`
  const from = place && sql`(${place.position}::text, ${place.id}::uuid)`
  const direction = sql.raw(side === 'after' ? 'ASC' : 'DESC')
  const isBeyond = from && (side === 'after' ? gt(key, from) : lt(key, from))
  return db
    .select(placed)
    .from(tasks)
    .where(and(isIn(list), isBeyond ?? undefined, ne(tasks.id, without)))
    .orderBy(sql`${position} ${direction}`, sql`${tasks.id} ${direction}`)
    .limit(limit)
}

/** Puts tasks at other positions, those that are still in the list. */
export const setPositions = (
  tx: Db,
  list: TaskList,
  placed: Placed[]
): Promise<(TaskVersion & Placed)[]> =>
  executeRows(
    tx,
    sql`
      UPDATE tasks
      SET position = v.position, version = version + 1, updated_at = now()
      FROM jsonb_to_recordset(${JSON.stringify(placed)}::jsonb) AS v(id uuid, position text)
      WHERE tasks.id = v.id AND ${isIn(list)}
      RETURNING tasks.owner_id, tasks.id, tasks.version, tasks.project_id, tasks.assignee_id, tasks.position`
  )

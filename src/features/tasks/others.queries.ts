import { inArray, type SQL, sql } from 'drizzle-orm'
import type { Caller } from '../../core/context.ts'
import { isDistributed } from '../../db/citus/distribution.ts'
import type { Db } from '../../db/client.ts'
import { executeRows } from '../../db/rows.ts'
import { tasks } from '../../db/tables/tasks.ts'
import { isManager } from './access.sql.ts'
import { prepareListAssigners } from './assigners.queries.ts'

/** Returns who may have given personal tasks to a user. */
export const listAssigners = (db: Db, userId: string): Promise<string[]> =>
  prepareListAssigners(db)(userId)

/**
 * Returns whose tasks a caller may see beside their own, where tasks are distributed: then a statement names them, and
 * asks no other node. Undefined where anybody's are looked for: on one server, and by managers.
 */
export async function listOthers(db: Db, caller: Caller): Promise<string[] | undefined> {
  if (isManager(caller) || !(await isDistributed(db))) {
    return undefined
  }
  const rows = await executeRows<{ owner_id: string }>(
    db,
    sql`
      SELECT owner_id FROM project_members WHERE user_id = ${caller.id}
      UNION
      SELECT owner_id FROM task_assigners WHERE assignee_id = ${caller.id}`
  )
  return rows.map(({ owner_id }) => owner_id)
}

/** The tasks of these owners, and the caller's own; all where none are given. */
export const isOfOneOf = (caller: Caller, others: string[] | undefined): SQL | undefined =>
  others && inArray(tasks.owner_id, [caller.id, ...others])

/** The tasks of those whose tasks the caller may see: what else is looked for by its id would be sought everywhere. */
export const isInReach = async (db: Db, caller: Caller): Promise<SQL> =>
  isOfOneOf(caller, await listOthers(db, caller)) ?? sql`true`

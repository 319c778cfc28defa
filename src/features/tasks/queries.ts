import { and, eq, inArray, sql } from 'drizzle-orm'
import type { Caller } from '../../core/context.ts'
import type { Db } from '../../db/client.ts'
import { prepared } from '../../db/prepared-statements.ts'
import { executeRows } from '../../db/rows.ts'
import { projects } from '../../db/tables/projects.ts'
import { tasks } from '../../db/tables/tasks.ts'
import { users } from '../../db/tables/users.ts'
import type { MemberRole } from '../project-access/schema.ts'
import { isInLiveProject, isLive, isManager, memberRole, othersTask } from './access.sql.ts'
import { taskColumns } from './columns.sql.ts'
import type { Task } from './schema.ts'

/** A task that the caller sees, with their role in its project where it is not their own. */
export type VisibleTask = Task & { member_role?: MemberRole | null }

/** Reads one live task: first the caller's own by its key, which is the usual case. Prepared once. */
export function prepareFindTask(db: Db) {
  const callerId = sql.placeholder('caller_id')
  const hasId = eq(tasks.id, sql.placeholder('id'))
  const own = prepared(
    db
      .select(taskColumns)
      .from(tasks)
      .where(and(eq(tasks.owner_id, callerId), hasId, isLive)),
    'find_own_task'
  )
  const others = prepared(
    db
      .select({ ...taskColumns, member_role: memberRole(callerId) })
      .from(tasks)
      .where(and(hasId, othersTask(callerId, sql.placeholder('is_manager')), isLive)),
    'find_others_task'
  )
  return async (caller: Caller, id: string): Promise<VisibleTask | undefined> => {
    const values = { caller_id: caller.id, id, is_manager: isManager(caller) }
    return (await own.execute(values))[0] ?? (await others.execute(values))[0]
  }
}
export type FindTask = ReturnType<typeof prepareFindTask>

/** Returns the tasks that the caller may see, deleted or not, locked in the order of ids until the transaction ends. */
export async function lockTasks(tx: Db, caller: Caller, ids: string[]): Promise<VisibleTask[]> {
  const own: VisibleTask[] = await tx
    .select(taskColumns)
    .from(tasks)
    .where(and(eq(tasks.owner_id, caller.id), inArray(tasks.id, ids)))
    .orderBy(tasks.id)
    .for('update')
  const missing = ids.filter((id) => !own.some((task) => task.id === id))
  if (missing.length === 0) {
    return own
  }
  const others = await tx
    .select({ ...taskColumns, member_role: memberRole(caller.id) })
    .from(tasks)
    .where(and(inArray(tasks.id, missing), othersTask(caller.id, isManager(caller))))
    .orderBy(tasks.id)
    .for('update')
  return [...own, ...others]
}

/** Whose task it is, and whether the caller sees it only because it is assigned to them. */
export interface VisibleHistory {
  owner_id: string
  as_assignee: boolean
}

/** Returns whose task it is, deleted or not, that the caller may see. */
export async function findVisibleHistory(
  db: Db,
  caller: Caller,
  id: string
): Promise<VisibleHistory | undefined> {
  const { owner_id, project_id } = tasks
  const hasId = eq(tasks.id, id)
  const [own] = await db
    .select({ owner_id })
    .from(tasks)
    .where(and(eq(owner_id, caller.id), hasId, isInLiveProject))
  if (own) {
    return { ...own, as_assignee: false }
  }
  const [others] = await db
    .select({ owner_id, project_id })
    .from(tasks)
    .where(and(hasId, othersTask(caller.id, isManager(caller)), isInLiveProject))
  return (
    others && {
      owner_id: others.owner_id,
      as_assignee: others.project_id === null && !isManager(caller)
    }
  )
}

/**
 * Returns which of these caller-made ids are taken by anybody, for a task or a project. Each is locked until the
 * transaction ends: the index on ids is not unique (unique indexes start with the owner), so the lock decides between
 * two owners at the same time.
 */
export async function listTakenIds(tx: Db, ids: string[]): Promise<Set<string>> {
  if (ids.length === 0) {
    return new Set()
  }
  const sorted = [...ids].sort()
  await tx.execute(sql`
    SELECT pg_advisory_xact_lock(hashtextextended(id, 0))
    FROM unnest(${`{${sorted.join(',')}}`}::text[]) AS id`)
  // What went into the trash names the task or the project with which it went.
  const found = await tx
    .select({ id: tasks.id })
    .from(tasks)
    .where(inArray(tasks.id, sorted))
    .unionAll(tx.select({ id: projects.id }).from(projects).where(inArray(projects.id, sorted)))
  return new Set(found.map(({ id }) => id))
}

/** Returns which of these ids belong to users to whom tasks can be assigned. */
export async function listAssignable(tx: Db, ids: string[]): Promise<Set<string>> {
  if (ids.length === 0) {
    return new Set()
  }
  const found = await tx
    .select({ id: users.id })
    .from(users)
    .where(and(inArray(users.id, ids), eq(users.disabled, false)))
    // Waits for an account that is being deleted: no task may refer to it afterwards.
    .for('key share')
  return new Set(found.map(({ id }) => id))
}

/** Locks the owner's row and counts their live tasks, up to the quota. This serializes the writers of one owner. */
export async function countUnderLock(tx: Db, owner_id: string, quota: number): Promise<number> {
  await tx.execute(sql`SELECT 1 FROM users WHERE id = ${owner_id} FOR NO KEY UPDATE`)
  const [row] = await executeRows<{ count: number }>(
    tx,
    sql`
      SELECT count(*)::int AS count
      FROM (
        SELECT 1 FROM tasks WHERE owner_id = ${owner_id} AND deleted_at IS NULL LIMIT ${quota}
      ) AS counted`
  )
  return row?.count ?? 0
}

import { and, eq, inArray, isNull, or, sql } from 'drizzle-orm'
import type { Caller } from '../../core/context.ts'
import type { Db } from '../../db/client.ts'
import { prepared } from '../../db/prepared-statements.ts'
import { executeRows, uuids } from '../../db/rows.ts'
import { projects } from '../../db/tables/projects.ts'
import { tasks } from '../../db/tables/tasks.ts'
import { users } from '../../db/tables/users.ts'
import type { MemberRole } from '../project-access/schema.ts'
import { isLive, isManager, memberRole, othersTask } from './access.sql.ts'
import { taskColumns } from './columns.sql.ts'
import { isInReach, isOfOneOf, listOthers } from './others.queries.ts'
import { readFirstVersions } from './past-versions.queries.ts'
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
    const [found] = await own.execute(values)
    if (found) {
      return found
    }
    const owners = await listOthers(db, caller)
    return owners === undefined
      ? (await others.execute(values))[0]
      : findAmong(db, caller, owners, id)
  }
}
export type FindTask = ReturnType<typeof prepareFindTask>

/** Reads one live task of somebody else by the owners that it may have. */
async function findAmong(
  db: Db,
  caller: Caller,
  owners: string[],
  id: string
): Promise<VisibleTask | undefined> {
  if (owners.length === 0) {
    return undefined
  }
  const [found] = await db
    .select({ ...taskColumns, member_role: memberRole(caller.id) })
    .from(tasks)
    .where(and(eq(tasks.id, id), othersTask(caller.id, false), isOfOneOf(caller, owners), isLive))
  return found
}

/** Returns the live tasks with these ids that the caller may see. */
export async function listVisibleTasks(db: Db, caller: Caller, ids: string[]): Promise<Task[]> {
  if (ids.length === 0) {
    return []
  }
  const isOwn = eq(tasks.owner_id, caller.id)
  const others = await listOthers(db, caller)
  // What says which of others they see is read elsewhere, and would be sent to the node of their own.
  const isSeen = others?.length === 0 ? isOwn : or(isOwn, othersTask(caller.id, isManager(caller)))
  return db
    .select(taskColumns)
    .from(tasks)
    .where(and(inArray(tasks.id, ids), isSeen, isOfOneOf(caller, others), isLive))
}

/** Returns the tasks that the caller may see, deleted or not, locked in the order of ids until the transaction ends. */
export async function lockTasks(tx: Db, caller: Caller, ids: string[]): Promise<VisibleTask[]> {
  const own: VisibleTask[] = await tx
    .select(taskColumns)
    .from(tasks)
    .where(and(eq(tasks.owner_id, caller.id), inArray(tasks.id, ids)))
    .orderBy(tasks.id)
    .for('update')
  const missing = ids.filter((id) => !own.some((task) => task.id === id))
  return missing.length === 0 ? own : [...own, ...(await lockOthersTasks(tx, caller, missing))]
}

/** How often tasks are looked for that have gone to another owner while they were to be locked. */
const MAX_ROUNDS = 3

/** Locks owner by owner: the rows of one are on one server, which alone can lock them. */
async function lockOthersTasks(tx: Db, caller: Caller, ids: string[]): Promise<VisibleTask[]> {
  const others = await listOthers(tx, caller)
  if (others?.length === 0) {
    return []
  }
  const isSeen = and(
    inArray(tasks.id, ids),
    othersTask(caller.id, isManager(caller)),
    isOfOneOf(caller, others)
  )
  for (let round = 1; ; round++) {
    const found = await tx.select({ owner_id: tasks.owner_id }).from(tasks).where(isSeen)
    const owners = new Set(found.map(({ owner_id }) => owner_id))
    const locked: VisibleTask[] = []
    for (const owner_id of [...owners].sort()) {
      locked.push(
        ...(await tx
          .select({ ...taskColumns, member_role: memberRole(caller.id) })
          .from(tasks)
          .where(and(eq(tasks.owner_id, owner_id), isSeen))
          .orderBy(tasks.id)
          .for('update'))
      )
    }
    if (locked.length === found.length || round === MAX_ROUNDS) {
      return locked
    }
  }
}

/** Whose task it is, and whether the caller sees it only because it is assigned to them. */
export interface VisibleHistory {
  owner_id: string
  as_assignee: boolean
}

/** Returns whose task it is, deleted or not, that the caller may see; none of a project that is deleted. */
export async function findVisibleHistory(
  db: Db,
  caller: Caller,
  id: string
): Promise<VisibleHistory | undefined> {
  const { owner_id, project_id } = tasks
  const hasId = eq(tasks.id, id)
  const columns = { owner_id, project_id }
  const [own] = await db
    .select(columns)
    .from(tasks)
    .where(and(eq(owner_id, caller.id), hasId))
  const [task] = own
    ? [own]
    : await db
        .select(columns)
        .from(tasks)
        .where(and(hasId, othersTask(caller.id, isManager(caller)), await isInReach(db, caller)))
  if (!task || (task.project_id !== null && (await listLive(db, [task.project_id])).size === 0)) {
    return undefined
  }
  return {
    owner_id: task.owner_id,
    as_assignee: !own && task.project_id === null && !isManager(caller)
  }
}

/** Returns which of these projects are not deleted. */
export async function listLive(db: Db, projectIds: string[]): Promise<Set<string>> {
  if (projectIds.length === 0) {
    return new Set()
  }
  const found = await db
    .select({ id: projects.id })
    .from(projects)
    .where(and(inArray(projects.id, projectIds), isNull(projects.deleted_at)))
  return new Set(found.map(({ id }) => id))
}

/** What there is of caller-made ids. */
export interface IdStates {
  /** Those of tasks and projects of anybody. */
  taken: Set<string>
  /**
   * The versions with which tasks begin whose ids had belonged to tasks that were purged: the last event of these is
   * kept, and a version has one event. Those of other ids begin with 1.
   */
  firstVersions: Map<string, number>
}

/**
 * Looks up caller-made ids. Each is locked until the transaction ends: the index on ids is not unique (unique indexes
 * start with the owner), so the lock decides between two owners at the same time.
 */
export async function lookUpIds(tx: Db, ids: string[]): Promise<IdStates> {
  if (ids.length === 0) {
    return { taken: new Set(), firstVersions: new Map() }
  }
  const sorted = [...ids].sort()
  await tx.execute(sql`
    SELECT pg_advisory_xact_lock(hashtextextended(id, 0))
    FROM unnest(${`{${sorted.join(',')}}`}::text[]) AS id`)
  // What went into the trash names the task or the project with which it went.
  const found = [
    ...(await tx.select({ id: tasks.id }).from(tasks).where(inArray(tasks.id, sorted))),
    ...(await tx.select({ id: projects.id }).from(projects).where(inArray(projects.id, sorted)))
  ]
  return {
    taken: new Set(found.map(({ id }) => id)),
    firstVersions: await readFirstVersions(tx, sorted)
  }
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

/**
 * Locks the owner's row and counts their live tasks, up to the quota, with those that have still to come back with a
 * project that was restored. This serializes the writers of one owner.
 */
export async function countUnderLock(tx: Db, owner_id: string, quota: number): Promise<number> {
  await tx.execute(sql`SELECT FROM owners WHERE owner_id = ${owner_id} FOR NO KEY UPDATE`)
  // Before those that are live: what comes back between the two statements is counted twice and not left out.
  const comingBack = await countComingBack(tx, owner_id)
  const [live] = await executeRows<{ count: number }>(
    tx,
    sql`
      SELECT count(*)::int AS count
      FROM (
        SELECT 1 FROM tasks WHERE owner_id = ${owner_id} AND deleted_at IS NULL LIMIT ${quota}
      ) AS counted`
  )
  return comingBack + (live?.count ?? 0)
}

async function countComingBack(tx: Db, owner_id: string): Promise<number> {
  const pending = await executeRows<{ id: string }>(
    tx,
    sql`
      SELECT id FROM projects
      WHERE owner_id = ${owner_id} AND tasks_pending AND deleted_at IS NULL`
  )
  if (pending.length === 0) {
    return 0
  }
  const [row] = await executeRows<{ count: number }>(
    tx,
    sql`
      SELECT count(*)::int AS count
      FROM tasks
      WHERE owner_id = ${owner_id} AND list_id = ANY(${uuids(pending.map(({ id }) => id))})
        AND deleted_with = list_id AND deleted_at IS NOT NULL`
  )
  return row?.count ?? 0
}

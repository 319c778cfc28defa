import { and, eq, inArray, isNull, type SQL, sql } from 'drizzle-orm'
import type { Caller } from '../../core/context.ts'
import type { Db } from '../../db/client.ts'
import { foldedLetters, sortableText } from '../../db/fold.sql.ts'
import { executeRows } from '../../db/rows.ts'
import { deletionOf, memberRoleOf, projectMembers, projects } from '../../db/tables/projects.ts'
import { tasks } from '../../db/tables/tasks.ts'
import { users } from '../../db/tables/users.ts'
import { foldLetters } from '../../lib/fold.ts'
import type { ProjectState, TaskList } from '../project-access/schema.ts'
import type { Project, ProjectListQuery, ProjectSort } from './schema.ts'

/** A project as it is stored, with the caller's role as a member. */
export type StoredProject = Omit<Project, 'role' | 'task_counts'> &
  ProjectState & { tasks_pending: boolean }

const columnsFor = (userId: string) => ({
  id: projects.id,
  owner_id: projects.owner_id,
  name: projects.name,
  description: projects.description,
  color: projects.color,
  archived: projects.archived,
  version: projects.version,
  created_at: projects.created_at,
  updated_at: projects.updated_at,
  deleted_at: deletionOf(projects).as('deleted_at'),
  tasks_pending: projects.tasks_pending,
  member_role: memberRoleOf(userId).as('member_role')
})

/** Returns a project, deleted or not, with the role of a user. */
export async function findProject(
  db: Db,
  userId: string,
  id: string
): Promise<StoredProject | undefined> {
  const [row] = await db.select(columnsFor(userId)).from(projects).where(eq(projects.id, id))
  return row
}

/** Returns the projects with these ids, deleted or not, with the role of a user in each. */
export const listProjectsById = (
  db: Db,
  userId: string,
  ids: string[]
): Promise<StoredProject[]> =>
  ids.length === 0
    ? Promise.resolve([])
    : db.select(columnsFor(userId)).from(projects).where(inArray(projects.id, ids))

/** Returns the same, locked until the transaction ends: nothing else in the project changes meanwhile. */
export async function lockProject(
  tx: Db,
  userId: string,
  id: string
): Promise<StoredProject | undefined> {
  await tx.select({ id: projects.id }).from(projects).where(eq(projects.id, id)).for('update')
  return findProject(tx, userId, id)
}

export type NewProject = Pick<Project, 'id' | 'owner_id' | 'name' | 'description' | 'color'> & {
  /** Set where it was created elsewhere, before. */
  created_at?: string
}

export async function insertProject(tx: Db, { created_at, ...project }: NewProject): Promise<void> {
  const at = created_at && { created_at: sql`least(${created_at}::timestamptz, now())` as never }
  await tx.insert(projects).values({ ...project, ...at })
}

type ChangeOfProject = Partial<typeof projects.$inferInsert>

/** Changes a locked project to a new version, which it returns. */
export async function updateProject(
  tx: Db,
  { owner_id, id }: Pick<Project, 'owner_id' | 'id'>,
  change: ChangeOfProject
): Promise<number> {
  const [row] = await tx
    .update(projects)
    .set({ ...change, version: sql`${projects.version} + 1`, updated_at: sql`now()` })
    .where(and(eq(projects.owner_id, owner_id), eq(projects.id, id)))
    .returning({ version: projects.version })
  return (row as { version: number }).version
}

/** Sets when a locked project was deleted, or that it is not, and whether its tasks have yet to follow. */
export const setDeleted = (
  tx: Db,
  project: Pick<Project, 'owner_id' | 'id'>,
  isDeleted: boolean
): Promise<number> =>
  updateProject(tx, project, {
    deleted_at: (isDeleted ? sql`now()` : null) as never,
    tasks_pending: true
  })

/** Marks that all tasks have followed their project. */
export async function setTasksFollowed(tx: Db, { owner_id, list_id }: TaskList): Promise<void> {
  await tx
    .update(projects)
    .set({ tasks_pending: false })
    .where(and(eq(projects.owner_id, owner_id), eq(projects.id, list_id)))
}

/** Locks a project whose tasks have yet to follow it, if no other process is at work on it. */
export async function lockPending(
  tx: Db
): Promise<(TaskList & { is_deleted: boolean }) | undefined> {
  const [row] = await tx
    .select({
      list_id: projects.id,
      owner_id: projects.owner_id,
      is_deleted: sql<boolean>`${projects.deleted_at} IS NOT NULL`
    })
    .from(projects)
    .where(sql`${projects.tasks_pending}`)
    .limit(1)
    .for('update', { skipLocked: true })
  return row
}

/**
 * Tells whether a caller-made id is used by any project or task, or is the id of a user, which names their personal
 * list; it is locked until the transaction ends.
 */
export async function isIdTaken(tx: Db, id: string): Promise<boolean> {
  await tx.execute(sql`SELECT pg_advisory_xact_lock(hashtextextended(${id}, 0))`)
  const used = await Promise.all([
    tx.$count(projects, eq(projects.id, id)),
    tx.$count(users, eq(users.id, id)),
    tx.$count(tasks, eq(tasks.id, id))
  ])
  return used.some((count) => count > 0)
}

/** Locks the owner's account and counts the projects that they own, up to `most`; this serializes those who add one. */
export async function countOwnedUnderLock(tx: Db, ownerId: string, most: number): Promise<number> {
  await tx.execute(sql`SELECT FROM users WHERE id = ${ownerId} FOR NO KEY UPDATE`)
  const [row] = await executeRows<{ count: number }>(
    tx,
    sql`
      SELECT count(*)::int AS count
      FROM (SELECT FROM ${projects} WHERE owner_id = ${ownerId} LIMIT ${most}) AS owned`
  )
  return row?.count ?? 0
}

const SORT_KEYS = {
  name: { key: sortableText(projects.name), type: 'text' },
  created_at: { key: sql`${projects.created_at}`, type: 'timestamptz' },
  updated_at: { key: sql`${projects.updated_at}`, type: 'timestamptz' }
} as const

/** Where a page continues: after the project with this sort key and id. */
export interface ProjectPosition {
  sort_key: string
  id: string
}
export type ProjectFilter = Pick<ProjectListQuery, 'scope' | 'archived' | 'deleted' | 'q'>

/** Lists projects in order, from a position on: those of a user, or everybody's. */
export function listProjects(
  db: Db,
  caller: Caller,
  filter: ProjectFilter,
  { sort, after, limit }: { sort: ProjectSort; after: ProjectPosition | undefined; limit: number }
): Promise<(StoredProject & { sort_key: string })[]> {
  const { key, type } = SORT_KEYS[sort.replace(/_(asc|desc)$/, '') as keyof typeof SORT_KEYS]
  const isAscending = sort.endsWith('_asc')
  const direction = sql.raw(isAscending ? 'ASC' : 'DESC')
  const isAfter =
    after &&
    sql`(${key}, ${projects.id}) ${sql.raw(isAscending ? '>' : '<')}
      (${after.sort_key}::${sql.raw(type)}, ${after.id}::uuid)`
  return db
    .select({ ...columnsFor(caller.id), sort_key: sql<string>`(${key})::text`.as('sort_key') })
    .from(projects)
    .where(and(isListed(caller, filter), isAfter))
    .orderBy(sql`${key} ${direction}`, sql`${projects.id} ${direction}`)
    .limit(limit)
}

function isListed(
  caller: Caller,
  { scope = 'mine', archived = 'exclude', deleted = 'exclude', q }: ProjectFilter
): SQL | undefined {
  return and(
    scope === 'mine' ? isOneOf(caller.id, deleted) : undefined,
    // Who may restore it knows of a deleted one: its owner, and admins.
    deleted === 'exclude' || caller.role === 'admin'
      ? undefined
      : sql`(${deletionOf(projects)} IS NULL OR ${projects.owner_id} = ${caller.id})`,
    stateOf(archived, sql`${projects.archived}`),
    stateOf(deleted, sql`(${deletionOf(projects)} IS NOT NULL)`),
    q === undefined
      ? undefined
      : sql`strpos(${foldedLetters(projects.name)}, ${foldLetters(q)}) > 0`
  )
}

/** Own projects, and those that are shared with the user; a deleted one is there for its owner only. */
function isOneOf(userId: string, deleted: NonNullable<ProjectFilter['deleted']>): SQL {
  const own = sql`SELECT owner_id, id FROM ${projects} WHERE owner_id = ${userId}`
  const shared = sql`
    SELECT m.owner_id, m.project_id
    FROM ${projectMembers} m
    JOIN ${projects} p ON p.owner_id = m.owner_id AND p.id = m.project_id
    WHERE m.user_id = ${userId} AND p.deleted_at IS NULL`
  return deleted === 'only'
    ? sql`${projects.owner_id} = ${userId}`
    : sql`(${projects.owner_id}, ${projects.id}) IN (${own} UNION ALL ${shared})`
}

function stateOf(wanted: 'exclude' | 'only' | 'include', isInState: SQL): SQL | undefined {
  if (wanted === 'include') {
    return undefined
  }
  return wanted === 'only' ? isInState : sql`NOT ${isInState}`
}

/** Deletes up to `limit` projects of an account that is deleted, and returns them. Their tasks follow. */
export function trashProjectsOf(
  tx: Db,
  ownerId: string,
  limit: number
): Promise<Pick<Project, 'owner_id' | 'id' | 'version'>[]> {
  const isLive = and(eq(projects.owner_id, ownerId), isNull(projects.deleted_at))
  const some = tx
    .select({ id: projects.id })
    .from(projects)
    .where(isLive)
    .limit(limit)
    .for('update')
  return tx
    .update(projects)
    .set({
      deleted_at: sql`now()`,
      tasks_pending: true,
      version: sql`${projects.version} + 1`,
      updated_at: sql`now()`
    })
    .where(and(isLive, inArray(projects.id, some)))
    .returning({ owner_id: projects.owner_id, id: projects.id, version: projects.version })
}

/** Whether a shared list of a user, which `list_changes` says something of, is that of a project that can come back. */
export const isStored = (ownerId: string): SQL =>
  sql`list_id IN (SELECT p.id FROM projects p WHERE p.owner_id = ${ownerId})`

/** Tells whether an account still has projects, which an admin can restore until they are purged. */
export const hasProjects = async (tx: Db, ownerId: string): Promise<boolean> =>
  (
    await tx
      .select({ id: projects.id })
      .from(projects)
      .where(eq(projects.owner_id, ownerId))
      .limit(1)
  ).length > 0

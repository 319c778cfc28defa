import { and, eq, inArray, isNull, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { prepared } from '../../db/prepared-statements.ts'
import { executeRows } from '../../db/rows.ts'
import { deletionOf, memberRoleOf, projectMembers, projects } from '../../db/tables/projects.ts'
import { isOfUser, users } from '../../db/tables/users.ts'
import type { ProjectState, TaskList } from './schema.ts'

/** Lists of tasks in one read: more than anybody looks at together. */
const MAX_LISTS = 3000

const stateFor = (userId: string) => ({
  id: projects.id,
  owner_id: projects.owner_id,
  archived: projects.archived,
  deleted_at: deletionOf(projects).as('deleted_at'),
  member_role: memberRoleOf(userId).as('member_role')
})

/** Returns the projects with these ids, deleted ones included, with the user's role in each. */
export const listProjectStates = (
  db: Db,
  userId: string,
  ids: string[]
): Promise<ProjectState[]> =>
  ids.length === 0
    ? Promise.resolve([])
    : db.select(stateFor(userId)).from(projects).where(inArray(projects.id, ids))

/**
 * Locks projects in the order of ids until the transaction ends, so that they are neither deleted, archived nor given
 * to somebody else meanwhile; several changes can hold such a lock at the same time.
 */
export async function lockProjectStates(
  tx: Db,
  userId: string,
  ids: string[]
): Promise<ProjectState[]> {
  if (ids.length === 0) {
    return []
  }
  await tx
    .select({ id: projects.id })
    .from(projects)
    .where(inArray(projects.id, ids))
    .orderBy(projects.id)
    .for('share')
  return listProjectStates(tx, userId, ids)
}

/** Reads the projects that a user owns or belongs to; prepared, since nearly every list asks for them. */
export function prepareListReach(db: Db) {
  const userId = sql.placeholder('user_id')
  const own = db
    .select({ list_id: projects.id, owner_id: projects.owner_id })
    .from(projects)
    .where(and(eq(projects.owner_id, userId), isNull(projects.deleted_at)))
  const shared = db
    .select({ list_id: projects.id, owner_id: projects.owner_id })
    .from(projectMembers)
    .innerJoin(
      projects,
      and(
        eq(projects.owner_id, projectMembers.owner_id),
        eq(projects.id, projectMembers.project_id)
      )
    )
    .where(
      and(
        eq(projectMembers.user_id, userId),
        isNull(projects.deleted_at),
        isOfUser(projects.owner_id)
      )
    )
  const query = prepared(own.unionAll(shared).limit(MAX_LISTS), 'list_reach')
  return (user_id: string): Promise<TaskList[]> => query.execute({ user_id })
}

/** Returns the lists of an owner: the personal one and the projects; none of an account that does not exist. */
export const listListsOf = (db: Db, ownerId: string): Promise<TaskList[]> =>
  db
    .select({ list_id: users.id, owner_id: users.id })
    .from(users)
    .where(and(eq(users.id, ownerId), isNull(users.deleted_at)))
    .unionAll(
      db
        .select({ list_id: projects.id, owner_id: projects.owner_id })
        .from(projects)
        .where(and(eq(projects.owner_id, ownerId), isNull(projects.deleted_at)))
    )
    .limit(MAX_LISTS)

export type Membership = { project_id: string; user_id: string }

/**
 * Returns which pairs of project and person are right: the person owns the project or is a member. Members stay until
 * the transaction ends.
 */
export async function listMemberships(
  tx: Db,
  projectIds: string[],
  userIds: string[]
): Promise<Membership[]> {
  if (projectIds.length === 0 || userIds.length === 0) {
    return []
  }
  const members = await tx
    .select({ project_id: projectMembers.project_id, user_id: projectMembers.user_id })
    .from(projects)
    .innerJoin(
      projectMembers,
      and(
        eq(projectMembers.owner_id, projects.owner_id),
        eq(projectMembers.project_id, projects.id)
      )
    )
    .where(and(inArray(projects.id, projectIds), inArray(projectMembers.user_id, userIds)))
    .for('key share', { of: projectMembers })
  const owners = await executeRows<Membership>(
    tx,
    sql`SELECT id AS project_id, owner_id AS user_id FROM ${projects} WHERE ${inArray(projects.id, projectIds)}`
  )
  return [...members, ...owners]
}

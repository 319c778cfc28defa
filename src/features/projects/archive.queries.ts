import { and, asc, eq, getTableColumns, gt, isNull, type SQL, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { projectMembers, projects } from '../../db/tables/projects.ts'
import { displayName, isOfUser, users } from '../../db/tables/users.ts'

const { tasks_pending: _, ...projectColumns } = getTableColumns(projects)

/** Returns projects of an owner, deleted ones included, in the order of ids, after one if it is given. */
export const listOwnProjectsById = (
  db: Db,
  owner_id: string,
  limit: number,
  after?: { id: string }
) =>
  db
    .select(projectColumns)
    .from(projects)
    .where(and(eq(projects.owner_id, owner_id), after && gt(projects.id, after.id)))
    .orderBy(asc(projects.id))
    .limit(limit)

const { project_id, user_id, role, added_at } = projectMembers

/** Returns the members of all projects of an owner, project by project, after one if it is given. */
export function listMembersOfOwner(
  db: Db,
  owner_id: string,
  limit: number,
  after?: { project_id: string; user_id: string }
) {
  const isAfter =
    after && sql`(${project_id}, ${user_id}) > (${after.project_id}::uuid, ${after.user_id}::uuid)`
  return db
    .select({
      project_id,
      user_id,
      display_name: sql<string>`${displayName(users)}`.as('display_name'),
      username: users.username,
      role,
      added_at
    })
    .from(projectMembers)
    .innerJoin(users, and(eq(users.id, user_id), isNull(users.deleted_at)))
    .where(and(eq(projectMembers.owner_id, owner_id), isAfter))
    .orderBy(asc(project_id), asc(user_id))
    .limit(limit)
}

const isProjectOfMember = and(
  eq(projects.owner_id, projectMembers.owner_id),
  eq(projects.id, projectMembers.project_id)
) as SQL

/** Returns the projects of others that a user belongs to, in the order of ids, after one if it is given. */
export const listMembershipsOf = (
  db: Db,
  userId: string,
  limit: number,
  after?: { project_id: string }
) =>
  db
    .select({
      project_id,
      project_name: projects.name,
      owner_id: projects.owner_id,
      role,
      added_at
    })
    .from(projectMembers)
    .innerJoin(projects, isProjectOfMember)
    .where(
      and(
        eq(user_id, userId),
        isNull(projects.deleted_at),
        isOfUser(projects.owner_id),
        after && gt(project_id, after.project_id)
      )
    )
    .orderBy(asc(project_id))
    .limit(limit)

import { and, eq, inArray, isNotNull, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { timestampText } from '../../db/columns.ts'
import { executeRows } from '../../db/rows.ts'
import { projectMembers, projects } from '../../db/tables/projects.ts'
import { displayName, users } from '../../db/tables/users.ts'
import type { MemberRole } from '../project-access/schema.ts'
import type { Project, ProjectMember } from './schema.ts'

type ProjectKey = Pick<Project, 'owner_id' | 'id'>

/** Where a page of members continues. */
export interface MemberPosition {
  added_at: string
  user_id: string
}

const name = displayName({ name: sql`u.name`, username: sql`u.username`, email: sql`u.email` })

const person = sql`
  p.user_id, ${name} AS display_name, u.username, p.role,
  ${timestampText(sql`p.added_at`)} AS added_at`

/** Lists who belongs to a project, those first who have longest, from a position on; or one person, `userId`. */
export async function listPeopleOf(
  db: Db,
  { owner_id, id }: ProjectKey,
  limit: number,
  { after, userId }: { after?: MemberPosition | undefined; userId?: string } = {}
): Promise<ProjectMember[]> {
  return executeRows<ProjectMember>(
    db,
    sql`
      SELECT
        ${person}
      FROM (
        SELECT owner_id AS user_id, 'owner' AS role, created_at AS added_at
        FROM ${projects}
        WHERE owner_id = ${owner_id} AND id = ${id}
        UNION ALL
        SELECT user_id, role::text, added_at
        FROM ${projectMembers}
        WHERE owner_id = ${owner_id} AND project_id = ${id}
      ) p
      JOIN ${users} u ON u.id = p.user_id AND u.deleted_at IS NULL
      WHERE ${userId === undefined ? sql`true` : sql`p.user_id = ${userId}`}
        AND ${
          after
            ? sql`(p.added_at, p.user_id) > (${after.added_at}::timestamptz, ${after.user_id}::uuid)`
            : sql`true`
        }
      ORDER BY p.added_at, p.user_id
      LIMIT ${limit}`
  )
}

/** Returns who of some people belongs to which of some projects. */
export async function listPeopleOfProjects(
  db: Db,
  of: ProjectKey[],
  userIds: string[]
): Promise<(ProjectMember & { project_id: string })[]> {
  if (of.length === 0 || userIds.length === 0) {
    return []
  }
  const list = (ids: string[]) => sql`${`{${ids.join()}}`}::uuid[]`
  const owners = list(of.map(({ owner_id }) => owner_id))
  const ids = list(of.map(({ id }) => id))
  return executeRows(
    db,
    sql`
      SELECT p.project_id, ${person}
      FROM (
        SELECT id AS project_id, owner_id AS user_id, 'owner' AS role, created_at AS added_at
        FROM ${projects}
        WHERE owner_id = ANY(${owners}) AND id = ANY(${ids})
        UNION ALL
        SELECT project_id, user_id, role::text, added_at
        FROM ${projectMembers}
        WHERE owner_id = ANY(${owners}) AND project_id = ANY(${ids}) AND user_id = ANY(${list(userIds)})
      ) p
      JOIN ${users} u ON u.id = p.user_id AND u.deleted_at IS NULL
      WHERE p.user_id = ANY(${list(userIds)})`
  )
}

/** Returns the ids of all members; there are never many. */
export async function listMemberIds(tx: Db, { owner_id, id }: ProjectKey): Promise<string[]> {
  const rows = await tx
    .select({ user_id: projectMembers.user_id })
    .from(projectMembers)
    .where(and(eq(projectMembers.owner_id, owner_id), eq(projectMembers.project_id, id)))
  return rows.map(({ user_id }) => user_id)
}

/** Returns who the members of some projects of an owner are. */
export const listMembersOf = (
  tx: Db,
  owner_id: string,
  projectIds: string[]
): Promise<{ project_id: string; user_id: string }[]> =>
  tx
    .select({ project_id: projectMembers.project_id, user_id: projectMembers.user_id })
    .from(projectMembers)
    .where(
      and(eq(projectMembers.owner_id, owner_id), inArray(projectMembers.project_id, projectIds))
    )

/** Returns the role of a member of a locked project. */
export async function findMemberRole(
  tx: Db,
  { owner_id, id }: ProjectKey,
  userId: string
): Promise<MemberRole | undefined> {
  const [row] = await tx
    .select({ role: projectMembers.role })
    .from(projectMembers)
    .where(isMember({ owner_id, id }, userId))
  return row?.role
}

/** Adds a member or changes the role of one. */
export async function putMember(
  tx: Db,
  { owner_id, id }: ProjectKey,
  user_id: string,
  role: MemberRole
): Promise<void> {
  await tx
    .insert(projectMembers)
    .values({ owner_id, project_id: id, user_id, role })
    .onConflictDoUpdate({
      target: [projectMembers.owner_id, projectMembers.project_id, projectMembers.user_id],
      set: { role }
    })
}

/** Removes a member; returns false when there was none. */
export async function deleteMember(tx: Db, project: ProjectKey, userId: string): Promise<boolean> {
  const deleted = await tx
    .delete(projectMembers)
    .where(isMember(project, userId))
    .returning({ user_id: projectMembers.user_id })
  return deleted.length === 1
}

const isMember = ({ owner_id, id }: ProjectKey, userId: string) =>
  and(
    eq(projectMembers.owner_id, owner_id),
    eq(projectMembers.project_id, id),
    eq(projectMembers.user_id, userId)
  )

/** Withdraws what somebody who may do less in a project has invited others to there. */
export async function withdrawInvitationsBy(
  tx: Db,
  { owner_id, id }: ProjectKey,
  userId: string
): Promise<void> {
  await tx.execute(sql`
    UPDATE invitations
    SET withdrawn_at = now()
    WHERE project_owner_id = ${owner_id} AND project_id = ${id} AND invited_by = ${userId}
      AND accepted_at IS NULL AND declined_at IS NULL AND withdrawn_at IS NULL`)
}

/** Ends up to `limit` memberships of somebody, and returns in which projects these were. */
export const deleteMembershipsOf = (
  tx: Db,
  userId: string,
  limit: number
): Promise<{ owner_id: string; id: string }[]> =>
  executeRows(
    tx,
    // Not by the owner: a project that is given to another meanwhile takes its members along.
    sql`
      DELETE FROM project_members
      WHERE user_id = ${userId} AND project_id IN (
        SELECT project_id FROM project_members WHERE user_id = ${userId} LIMIT ${limit}
      )
      RETURNING owner_id, project_id AS id`
  )

/** Tells whether an account is deleted, of which something is left. */
export const isAccountDeleted = async (tx: Db, id: string): Promise<boolean> =>
  (await tx.$count(users, and(eq(users.id, id), isNotNull(users.deleted_at)))) > 0

import { and, eq } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { projectMembers } from '../../db/tables/projects.ts'
import { users } from '../../db/tables/users.ts'
import type { MemberRole, ProjectState } from './schema.ts'

export type ProjectKey = Pick<ProjectState, 'owner_id' | 'id'>

/**
 * Locks an account that can be made a member until the transaction ends; false when there is none. This serializes
 * those who make it a member of several projects, so that its memberships can be counted.
 */
export async function lockPerson(tx: Db, id: string): Promise<boolean> {
  const rows = await tx
    .select({ id: users.id })
    .from(users)
    .where(and(eq(users.id, id), eq(users.disabled, false)))
    .for('no key update')
  return rows.length === 1
}

/** Counts the projects that somebody is a member of. */
export const countMemberships = (tx: Db, userId: string): Promise<number> =>
  tx.$count(projectMembers, eq(projectMembers.user_id, userId))

export const countMembers = (tx: Db, { owner_id, id }: ProjectKey): Promise<number> =>
  tx.$count(
    projectMembers,
    and(eq(projectMembers.owner_id, owner_id), eq(projectMembers.project_id, id))
  )

export async function insertMember(
  tx: Db,
  { owner_id, id }: ProjectKey,
  user_id: string,
  role: MemberRole
): Promise<void> {
  await tx.insert(projectMembers).values({ owner_id, project_id: id, user_id, role })
}

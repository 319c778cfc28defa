import { and, asc, inArray, isNull, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { comparableText } from '../../db/fold.sql.ts'
import { memberRoleOf, projectMembers, projects } from '../../db/tables/projects.ts'
import type { MemberRole } from '../project-access/schema.ts'

/** A project that is found by its name. */
export interface NamedProject {
  id: string
  owner_id: string
  archived: boolean
  member_role: MemberRole | null
  /** The name as it is compared. */
  key: string
}

/** Lists live projects that a user owns or belongs to with one of these names; own ones first, then the oldest. */
export const listProjectsNamed = (
  db: Db,
  userId: string,
  keys: string[]
): Promise<NamedProject[]> => {
  const key = comparableText(projects.name)
  const own = sql`SELECT owner_id, id FROM ${projects} WHERE owner_id = ${userId}`
  const shared = sql`SELECT owner_id, project_id FROM ${projectMembers} WHERE user_id = ${userId}`
  return db
    .select({
      id: projects.id,
      owner_id: projects.owner_id,
      archived: projects.archived,
      member_role: memberRoleOf(userId).as('member_role'),
      key: key.as('key')
    })
    .from(projects)
    .where(
      and(
        sql`(${projects.owner_id}, ${projects.id}) IN (${own} UNION ALL ${shared})`,
        isNull(projects.deleted_at),
        inArray(key, keys)
      )
    )
    .orderBy(sql`${projects.owner_id} <> ${userId}`, asc(projects.created_at), asc(projects.id))
}

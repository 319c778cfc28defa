import { memberRole } from '../../db/tables/projects.ts'

/** In rising order: each may do what those before it may. */
export const MEMBER_ROLES = memberRole.enumValues
export type MemberRole = (typeof MEMBER_ROLES)[number]
export const PROJECT_ROLES = [...MEMBER_ROLES, 'owner'] as const
export type ProjectRole = (typeof PROJECT_ROLES)[number]

/** What is known of a project when a right is checked. */
export interface ProjectState {
  id: string
  owner_id: string
  archived: boolean
  deleted_at: string | null
  /** The caller's role as a member; null when they are none. */
  member_role: MemberRole | null
}

/** A list of tasks, by the id of its project or its owner, and whose rows its tasks are. */
export interface TaskList {
  list_id: string
  owner_id: string
}

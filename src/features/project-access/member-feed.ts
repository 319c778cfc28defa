import { type ChangeType, feedOf, type ListChange } from '../../core/change-feed.ts'
import type { ProjectState } from './schema.ts'

type ProjectKey = Pick<ProjectState, 'owner_id' | 'id'>

/** Returns what the feed of a project says of a member. */
export const memberChange = (
  type: Extract<ChangeType, `member.${string}`>,
  { owner_id, id }: ProjectKey,
  userId: string
): ListChange => ({
  owner_id,
  list_id: id,
  type,
  resource_type: 'member',
  resource_id: userId,
  project_id: id,
  changed_fields: type === 'member.changed' ? ['role'] : []
})

/** Returns what somebody's own feed says of a project that they see from now on, or no longer. */
export const accessChange = (
  type: Extract<ChangeType, `access.${string}`>,
  { id }: Pick<ProjectKey, 'id'>,
  userId: string
): ListChange => ({
  ...feedOf(userId),
  type,
  resource_type: 'project',
  resource_id: id,
  project_id: id
})

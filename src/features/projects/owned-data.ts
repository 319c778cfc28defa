import { audit } from '../../core/audit.ts'
import { purgeFeedsBut, recordListChanges } from '../../core/change-feed.ts'
import type { PurgeOwned } from '../../core/owned-data.ts'
import { OWNED_CHUNK } from '../../db/delete-owned.ts'
import { memberChange } from '../project-access/service.ts'
import { deleteMembershipsOf } from './members.queries.ts'
import { recordDeleted } from './project-feed.ts'
import { hasProjects, isStored, trashProjectsOf } from './queries.ts'

/** All members of so many projects can be told in one transaction. */
const TRASH_CHUNK = 10

/** Puts the projects of a deleted account into the trash, where admins find them. */
const trashProjects: PurgeOwned = async (tx, ctx, userId) => {
  const trashed = await trashProjectsOf(tx, userId, TRASH_CHUNK)
  await audit.succeededAll(
    tx,
    ctx,
    trashed.map(({ id }) => ({ action: 'project.deleted', subject: { project: id } }))
  )
  await recordDeleted(tx, ctx, userId, trashed)
  return trashed.length === TRASH_CHUNK
}

/** Ends the memberships of a deleted account. */
const leaveProjects: PurgeOwned = async (tx, ctx, userId) => {
  const left = await deleteMembershipsOf(tx, userId, OWNED_CHUNK)
  await recordListChanges(
    tx,
    ctx,
    left.map((project) => memberChange('member.removed', project, userId))
  )
  return left.length === OWNED_CHUNK
}

/** What an account leaves in projects: its memberships, and its own projects, which stay until they are purged. */
export const ownedProjectData: readonly PurgeOwned[] = [
  trashProjects,
  leaveProjects,
  purgeFeedsBut(isStored),
  async (tx, _ctx, userId) => ((await hasProjects(tx, userId)) ? 'kept' : false)
]

import { audit } from '../../core/audit.ts'
import type { PurgeOwned } from '../../core/owned-data.ts'
import { deleteOwned } from '../../db/delete-owned.ts'
import { hasProjects, OWNED_MEMBERSHIPS, trashProjectsOf } from './queries.ts'

/** Puts the projects of a deleted account into the trash, where admins find them. */
const trashProjects: PurgeOwned = async (tx, ctx, userId) => {
  const ids = await trashProjectsOf(tx, userId)
  await audit.succeededAll(
    tx,
    ctx,
    ids.map((id) => ({ action: 'project.deleted', subject: { project: id } }))
  )
  return false
}

/** What an account leaves in projects: its memberships, and its own projects, which stay until they are purged. */
export const ownedProjectData: readonly PurgeOwned[] = [
  trashProjects,
  (tx, _ctx, userId) => deleteOwned(tx, OWNED_MEMBERSHIPS, userId),
  async (tx, _ctx, userId) => ((await hasProjects(tx, userId)) ? 'kept' : false)
]

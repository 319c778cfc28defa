import type { PurgeOwned } from '../../core/owned-data.ts'
import { deleteOwned, OWNED_CHUNK } from '../../db/delete-owned.ts'
import { recordElsewhere, recordVersions } from './events.queries.ts'
import { clearAssignee, listPersonalTasks, OWNED_EVENTS } from './owned-data.queries.ts'
import { deleteTasks, withFewComments } from './trash.queries.ts'

/** Takes a deleted account off tasks of others, each with its event. */
const unassign =
  (isTrashed: boolean): PurgeOwned =>
  async (tx, ctx, userId) => {
    const { released, more } = await clearAssignee(tx, userId, isTrashed)
    await recordVersions(tx, ctx, released, 'task.updated', {
      assignee_id: { old: userId, new: null }
    })
    return more
  }

/** Deletes personal tasks of a deleted account with their comments, which those hear of who had some to do. */
const deletePersonalTasks: PurgeOwned = async (tx, ctx, userId) => {
  const found = await listPersonalTasks(tx, userId, OWNED_CHUNK)
  const deleted = withFewComments(found)
  await deleteTasks(tx, deleted)
  const gone = deleted.map((task) => ({ ...task, version: task.version + 1 }))
  await recordElsewhere(tx, ctx, gone, 'task.purged')
  return deleted.length < found.length || found.length === OWNED_CHUNK
}

/** What an account leaves in tasks: those that it is assigned to, its own, and their history. */
export const ownedTaskData: readonly PurgeOwned[] = [
  unassign(false),
  unassign(true),
  deletePersonalTasks,
  (tx, _ctx, userId) => deleteOwned(tx, OWNED_EVENTS, userId)
]

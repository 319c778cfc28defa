import type { PurgeOwned } from '../../core/owned-data.ts'
import { deleteOwned, OWNED_CHUNK } from '../../db/delete-owned.ts'
import { recordTaskEvents } from './events.queries.ts'
import {
  clearAssignee,
  listPersonalTasks,
  OWNED_EVENTS,
  UNASSIGN_CHUNK
} from './owned-data.queries.ts'
import { deleteTasks, withFewComments } from './trash.queries.ts'

/** Takes a deleted account off tasks of others, each with its event. */
const unassign =
  (isTrashed: boolean): PurgeOwned =>
  async (tx, ctx, userId) => {
    const released = await clearAssignee(tx, userId, isTrashed)
    const changes = { assignee_id: { old: userId, new: null } }
    await recordTaskEvents(
      tx,
      ctx,
      released.map(({ owner_id, id, version }) => ({
        owner_id,
        task_id: id,
        version,
        type: 'task.updated',
        changes
      }))
    )
    return released.length === UNASSIGN_CHUNK
  }

/** Deletes personal tasks of a deleted account with their comments. */
const deletePersonalTasks: PurgeOwned = async (tx, _ctx, userId) => {
  const found = await listPersonalTasks(tx, userId, OWNED_CHUNK)
  const deleted = withFewComments(found)
  await deleteTasks(tx, deleted)
  return deleted.length < found.length || found.length === OWNED_CHUNK
}

/** What an account leaves in tasks: those that it is assigned to, its own, and their history. */
export const ownedTaskData: readonly PurgeOwned[] = [
  unassign(false),
  unassign(true),
  deletePersonalTasks,
  (tx, _ctx, userId) => deleteOwned(tx, OWNED_EVENTS, userId)
]

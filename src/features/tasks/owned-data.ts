import type { PurgeOwned } from '../../core/owned-data.ts'
import { deleteOwned } from '../../db/delete-owned.ts'
import { recordTaskEvents } from './events.queries.ts'
import { clearAssignee, OWNED_EVENTS, OWNED_TASKS, UNASSIGN_CHUNK } from './owned-data.queries.ts'

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

/** What an account leaves in tasks: those that it is assigned to, its own, and their history. */
export const ownedTaskData: readonly PurgeOwned[] = [
  unassign(false),
  unassign(true),
  (tx, _ctx, userId) => deleteOwned(tx, OWNED_TASKS, userId),
  (tx, _ctx, userId) => deleteOwned(tx, OWNED_EVENTS, userId)
]

import { type RequestContext, systemRequestId } from '../../core/context.ts'
import type { Db } from '../../db/client.ts'
import { type Tx, withTransaction } from '../../db/transaction.ts'
import { recordVersions } from './events.queries.ts'
import type { StorageQuota } from './storage-quota.ts'
import { lockLists, lockRows } from './subtasks.queries.ts'
import { MAX_BELOW } from './task-tree.ts'
import {
  deleteEvents,
  deleteTasks,
  listOldestTrees,
  lockTrashed,
  readClock,
  trashTrees,
  withFewComments
} from './trash.queries.ts'

/** Tasks at the top level in one transaction: few enough that nobody waits noticeably for one of them. */
const DELETE_CHUNK = 1000
/** With what is below them; one of them always fits, whatever is below it. */
const MAX_DELETED = DELETE_CHUNK + MAX_BELOW
const PURGE_CHUNK = 500
/** A task that is changed all the time has thousands of events. */
const EVENTS_CHUNK = 5000
const PURGE_CONTEXT: RequestContext<null> = {
  caller: null,
  requestId: systemRequestId('purge'),
  ip: null,
  userAgent: null
}

/**
 * Moves every task of the caller's own into the trash, in chunks: each is complete with its events, and a call that was
 * interrupted is finished by the next. Tasks that are created meanwhile stay, unless they are below one that goes.
 */
export async function deleteAllTasks(db: Db, ctx: RequestContext): Promise<number> {
  const startedAt = await readClock(db)
  for (let deleted = 0; ; ) {
    const chunk = await withTransaction(db, (tx) => deleteChunk(tx, ctx, startedAt))
    deleted += chunk.deleted
    if (!chunk.more) {
      return deleted
    }
  }
}

async function deleteChunk(
  tx: Tx,
  ctx: RequestContext,
  startedAt: string
): Promise<{ deleted: number; more: boolean }> {
  const owner_id = ctx.caller.id
  await lockLists(tx, [owner_id])
  const found = await listOldestTrees(tx, owner_id, startedAt, {
    roots: DELETE_CHUNK,
    rows: MAX_DELETED + 1
  })
  const isCut = found.length > MAX_DELETED
  // The last tree may have been cut; the next chunk begins with it.
  const last = found.at(-1)?.root_id
  const ids = found.filter(({ root_id }) => !isCut || root_id !== last).map(({ id }) => id)
  if (ids.length === 0) {
    return { deleted: 0, more: false }
  }
  await lockRows(
    tx,
    ids.map((id) => ({ owner_id, id }))
  )
  const trashed = await trashTrees(tx, owner_id, ids)
  await recordVersions(tx, ctx, trashed, 'task.deleted')
  const roots = new Set(found.map(({ root_id }) => root_id)).size
  return { deleted: trashed.length, more: isCut || roots === DELETE_CHUNK }
}

/**
 * Deletes tasks that have been in the trash for more than `afterDays` with their comments, and their events except a
 * last one: a chunk of the tasks, or of their events as long as these are too many. Call again while there is more.
 */
export function purgeTasks(
  db: Db,
  afterDays: number,
  noteRemoval: StorageQuota['noteRemoval'] = () => {}
): Promise<{ done: number; more: boolean }> {
  return withTransaction(db, async (tx) => {
    const { locked, more } = await lockTrashed(tx, afterDays, PURGE_CHUNK)
    const purged = withFewComments(locked)
    if (purged.length === 0) {
      return { done: 0, more: false }
    }
    if ((await deleteEvents(tx, purged, EVENTS_CHUNK)) === EVENTS_CHUNK) {
      return { done: 0, more: true }
    }
    await deleteTasks(tx, purged)
    tx.afterCommit(() => noteRemoval(purged.map(({ owner_id }) => owner_id)))
    const gone = purged.map((task) => ({ ...task, version: task.version + 1 }))
    await recordVersions(tx, PURGE_CONTEXT, gone, 'task.purged')
    return { done: purged.length, more: more || purged.length < locked.length }
  })
}

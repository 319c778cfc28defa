import { type RequestContext, systemRequestId } from '../../core/context.ts'
import type { Db } from '../../db/client.ts'
import { type Tx, withTransaction } from '../../db/transaction.ts'
import { recordTaskEvents } from './events.queries.ts'
import type { StorageQuota } from './storage-quota.ts'
import {
  deleteEvents,
  deleteTasks,
  lockTrashed,
  readClock,
  trashOldest,
  withFewComments
} from './trash.queries.ts'

/** Tasks in one transaction: few enough that nobody waits noticeably for one of them. */
const DELETE_CHUNK = 1000
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
 * interrupted is finished by the next. Tasks that are created meanwhile stay.
 */
export async function deleteAllTasks(db: Db, ctx: RequestContext): Promise<number> {
  const startedAt = await readClock(db)
  for (let deleted = 0; ; ) {
    const chunk = await withTransaction(db, (tx) => deleteChunk(tx, ctx, startedAt))
    deleted += chunk
    if (chunk < DELETE_CHUNK) {
      return deleted
    }
  }
}

async function deleteChunk(tx: Tx, ctx: RequestContext, startedAt: string): Promise<number> {
  const trashed = await trashOldest(tx, ctx.caller.id, startedAt, DELETE_CHUNK)
  await recordTaskEvents(
    tx,
    ctx,
    trashed.map(({ owner_id, id, version }) => ({
      owner_id,
      task_id: id,
      version,
      type: 'task.deleted'
    }))
  )
  return trashed.length
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
    const trashed = await lockTrashed(tx, afterDays, PURGE_CHUNK)
    const purged = withFewComments(trashed)
    if (purged.length === 0) {
      return { done: 0, more: false }
    }
    if ((await deleteEvents(tx, purged, EVENTS_CHUNK)) === EVENTS_CHUNK) {
      return { done: 0, more: true }
    }
    await deleteTasks(tx, purged)
    tx.afterCommit(() => noteRemoval(purged.map(({ owner_id }) => owner_id)))
    await recordTaskEvents(
      tx,
      PURGE_CONTEXT,
      purged.map(({ owner_id, id, version }) => ({
        owner_id,
        task_id: id,
        version: version + 1,
        type: 'task.purged'
      }))
    )
    const isAll = purged.length === trashed.length && trashed.length < PURGE_CHUNK
    return { done: purged.length, more: !isAll }
  })
}

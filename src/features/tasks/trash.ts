import { sql } from 'drizzle-orm'
import { recordTaskEvents } from '../../core/events.ts'
import type { Db } from '../../db/client.ts'
import { executeRows } from '../../db/rows.ts'
import { withTransaction } from '../../db/transaction.ts'
import type { TaskContext } from './service.ts'

/** Rows in one transaction: short enough that nobody who waits for one of them notices. */
const CHUNK = 1000
const PURGE_CHUNK = 500
type Key = { owner_id: string; id: string; version: number }

/**
 * Puts every task of the caller's own into the trash, in chunks: each is complete with its history, and a call that
 * was cut short is finished by the next. Tasks that are made meanwhile stay.
 */
export async function deleteAllTasks(db: Db, { caller, origin }: TaskContext): Promise<number> {
  const [start] = await executeRows<{ now: string }>(db, sql`select now()::text as now`)
  for (let deleted = 0; ; ) {
    const chunk = await withTransaction(db, async (tx) => {
      const rows = await executeRows<Key>(
        tx,
        sql`
        update tasks set deleted_at = now(), updated_at = now(), version = version + 1
        where owner_id = ${caller.id} and id in (
          select id from tasks where owner_id = ${caller.id} and deleted_at is null and created_at <= ${start?.now}::timestamptz order by created_at limit ${CHUNK} for update
        ) returning owner_id, id, version`
      )
      if (rows.length > 0) {
        await recordTaskEvents(
          tx,
          origin,
          ...rows.map(({ owner_id, id, version }) => ({
            owner_id,
            task_id: id,
            version,
            type: 'task.deleted' as const
          }))
        )
      }
      return rows.length
    })
    deleted += chunk
    if (chunk < CHUNK) {
      return deleted
    }
  }
}

/** Removes for good what has lain in the trash too long, with its history; the last fact of each is kept. A chunk: call again while it is full. */
export async function purgeTasks(
  db: Db,
  afterDays: number
): Promise<{ done: number; more: boolean }> {
  return withTransaction(db, async (tx) => {
    const rows = await executeRows<Key>(
      tx,
      sql`
      delete from tasks where (owner_id, id) in (
        select owner_id, id from tasks where deleted_at < now() - make_interval(days => ${afterDays}) order by deleted_at limit ${PURGE_CHUNK} for update skip locked
      ) returning owner_id, id, version`
    )
    if (rows.length === 0) {
      return { done: 0, more: false }
    }
    await tx.execute(
      sql`delete from task_events where (owner_id, task_id) in (select * from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as gone(owner_id uuid, id uuid))`
    )
    await recordTaskEvents(
      tx,
      { actor_id: null, request_id: 'purge' },
      ...rows.map(({ owner_id, id, version }) => ({
        owner_id,
        task_id: id,
        version: version + 1,
        type: 'task.purged' as const
      }))
    )
    return { done: rows.length, more: rows.length === PURGE_CHUNK }
  })
}

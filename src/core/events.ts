import { type SQL, sql, type WithSubquery } from 'drizzle-orm'
import type { AnyPgColumn } from 'drizzle-orm/pg-core'
import { v7 as uuidv7 } from 'uuid'
import type { Db } from '../db/client.ts'
import { type Changes, taskEvents } from '../db/tables/task-events.ts'
import type { Origin } from './caller.ts'

export type TaskEventType = 'task.created' | 'task.updated' | 'task.deleted' | 'task.restored' | 'task.purged'

export interface TaskEvent { owner_id: string, task_id: string, version: number, type: TaskEventType, changes?: Changes }

/** Writes the facts of a change in the transaction of that change: together they commit, together they vanish. */
export async function record (tx: Db, { actor_id, request_id }: Origin, ...events: TaskEvent[]): Promise<void> {
  await tx.insert(taskEvents).values(events.map((event) => ({ changes: {}, ...event, id: uuidv7(), actor_id, request_id })))
}

/** The part of a statement that writes the first fact of each task in `rows`, which have an `id` and an `event_id`: for tasks made by the thousand in that same statement. */
export const recordCreated = (owner_id: string, { actor_id, request_id }: Origin, rows: SQL): SQL => sql`
  insert into task_events (owner_id, task_id, version, id, type, actor_id, request_id, changes)
  select ${owner_id}::uuid, id, 1, event_id, ${'task.created' satisfies TaskEventType}, ${actor_id}::uuid, ${request_id}, '{}' from ${rows}`

/** What `created` was given when it was built; its values go into the same statement. */
export const creation = ({ actor_id, request_id }: Origin) => ({ event_id: uuidv7(), actor_id, request_id })

/**
 * The fact that a task was created, as a part of the very statement that creates it: for a common table expression
 * beside `made`, which returns the task's row. Values by `creation`.
 */
export function created (db: Db, made: WithSubquery & Record<'owner_id' | 'id' | 'version' | 'created_at', AnyPgColumn>) {
  const { placeholder: value } = sql
  return db.insert(taskEvents).select((query) => query.select({
    owner_id: made.owner_id, task_id: made.id, version: made.version, id: sql`${value('event_id')}::uuid`.as('id'), type: sql`'task.created'`.as('type'),
    actor_id: sql`${value('actor_id')}::uuid`.as('actor_id'), request_id: sql`${value('request_id')}::text`.as('request_id'), changes: sql`'{}'::jsonb`.as('changes'), created_at: made.created_at
  }).from(made) as never)
}

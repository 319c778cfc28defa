import { type Placeholder, type SQL, sql } from 'drizzle-orm'
import { v7 as uuidv7 } from 'uuid'
import type { Db } from '../db/client.ts'
import { type Changes, taskEvents } from '../db/tables/task-events.ts'
import type { Origin } from './context.ts'

export type TaskEventType =
  | 'task.created'
  | 'task.updated'
  | 'task.deleted'
  | 'task.restored'
  | 'task.purged'

export interface TaskEvent {
  owner_id: string
  task_id: string
  version: number
  type: TaskEventType
  changes?: Changes
}

/** Writes the facts of a change in the transaction of that change: together they commit, together they vanish. */
export async function recordTaskEvents(
  tx: Db,
  { actor_id, request_id }: Origin,
  ...events: TaskEvent[]
): Promise<void> {
  await tx
    .insert(taskEvents)
    .values(events.map((event) => ({ changes: {}, ...event, id: uuidv7(), actor_id, request_id })))
}

type OriginPlaces = Record<'owner_id' | keyof Origin, string | null | Placeholder>

/**
 * The part of a statement that writes the facts of the changes that this same statement makes: of `rows`, which have
 * `id`, `version`, `event_id` and `changes`. A prepared statement hands in placeholders.
 */
export const taskEventsCte = (
  type: TaskEventType,
  { owner_id, actor_id, request_id }: OriginPlaces,
  rows: SQL
): SQL => sql`
  insert into task_events (owner_id, task_id, version, id, type, actor_id, request_id, changes)
  select ${owner_id}::uuid, id, version, event_id, ${sql.raw(`'${type}'`)}, ${actor_id}::uuid, ${request_id}::text, changes from (${rows}) as facts`

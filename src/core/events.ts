import { type SQL, sql } from 'drizzle-orm'
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

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

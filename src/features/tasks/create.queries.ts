import { sql } from 'drizzle-orm'
import type { Actor, RequestContext } from '../../core/context.ts'
import type { Db } from '../../db/client.ts'
import { prepared } from '../../db/prepared-statements.ts'
import { tasks } from '../../db/tables/tasks.ts'
import { mustGet } from '../../lib/must-get.ts'
import { newId } from '../../lib/uuid.ts'
import { fieldPlaceholders, taskColumns } from './columns.sql.ts'
import { eventOrigin, originPlaceholders, taskEventsCte } from './events.queries.ts'
import type { FieldValues } from './fields.ts'
import type { Task } from './schema.ts'

/** A task to be created, with every field. */
export type NewTask = FieldValues &
  Pick<Task, 'owner_id' | 'id'> & {
    /** Null when its owner creates it. */
    created_by: string | null
    /** The version with which it begins; 1 where it is absent. */
    version?: number | undefined
  }

/** Returns who a task of an owner says it was created by: nobody where the owner creates it. */
export const createdBy = ({ caller }: RequestContext<Actor>, owner_id: string): string | null =>
  owner_id === caller.id ? null : caller.id

const status = sql.placeholder('status')

/** Creates a task and its event in one statement, which is the transaction. Prepared once. */
export function prepareInsertTask(db: Db) {
  const created = db.$with('created').as(
    db
      .insert(tasks)
      .values({
        owner_id: sql.placeholder('owner_id'),
        id: sql.placeholder('id'),
        ...fieldPlaceholders,
        completed_at: sql`CASE WHEN ${status}::task_status = 'done' THEN now() END`
      })
      .returning(taskColumns)
  )
  const eventRows = sql`
    SELECT
      id, version, ${sql.placeholder('event_id')}::uuid AS event_id, '{}'::jsonb AS changes, project_id
    FROM created`
  const event = db
    .$with('event', {})
    .as(taskEventsCte('task.created', originPlaceholders, eventRows))
  const statement = prepared(db.with(created, event).select().from(created), 'insert_task')
  return async (ctx: RequestContext, task: NewTask): Promise<Task> =>
    (await statement.execute({ ...task, ...eventOrigin(ctx), event_id: newId() }))[0] as Task
}
export type InsertTask = ReturnType<typeof prepareInsertTask>

/** Creates tasks in one statement; returns them in the given order. */
export async function insertTasks(tx: Db, rows: NewTask[]): Promise<Task[]> {
  const inserted = await tx
    .insert(tasks)
    .values(
      rows.map((row) => ({ ...row, completed_at: row.status === 'done' ? sql`now()` : null }))
    )
    .returning(taskColumns)
  const byId = new Map(inserted.map((task) => [task.id, task]))
  return rows.map(({ id }) => mustGet(byId, id))
}

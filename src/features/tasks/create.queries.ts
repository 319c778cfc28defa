import { type SQL, sql } from 'drizzle-orm'
import { v7 as uuidv7 } from 'uuid'
import { assigneeChangesCte } from '../../core/change-feed.ts'
import type { Actor, RequestContext } from '../../core/context.ts'
import type { Db } from '../../db/client.ts'
import { prepared } from '../../db/prepared-statements.ts'
import { executeRows } from '../../db/rows.ts'
import { positionAt, tasks } from '../../db/tables/tasks.ts'
import { mustGet } from '../../lib/must-get.ts'
import {
  fieldDefinitions,
  fieldList,
  fieldPlaceholders,
  storedFieldList,
  taskColumns
} from './columns.sql.ts'
import { eventOrigin, originPlaceholders, taskEventsCte } from './events.queries.ts'
import type { FieldValues } from './fields.ts'
import type { Task } from './schema.ts'

/** A task to be created, with every field; `created_by` is null when its owner creates it. */
export type NewTask = FieldValues & Pick<Task, 'owner_id' | 'id'> & { created_by: string | null }

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
    (await statement.execute({ ...task, ...eventOrigin(ctx), event_id: uuidv7() }))[0] as Task
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

/**
 * A normalized new task with its id and the id of its event, as JSON: what is absent is null. It was created and
 * finished now, unless it comes from elsewhere with other times.
 */
export type TaskRecord = Partial<FieldValues> & {
  id: string
  event_id: string
  created_at?: string
  completed_at?: string
  /** Where it is in its list; without it, behind the records before it at the end of the list. */
  position?: string
  /** Set where the records of one statement go into several lists. */
  owner_id?: string
  created_by?: string | null
}

/** What sorts the records of one statement, and the end of the id, so that those of several differ. */
const placeOfRecord = sql`(lpad(to_hex(ordinality), 8, '0') || right(id::text, 8))`

/** Where records go that do not say so themselves. */
interface RecordList {
  owner_id: string
  project_id: string | null
}

/**
 * Creates a task and its event from each `TaskRecord` of JSON arrays, in one statement; returns their number. `arrays`
 * is a statement that selects the arrays, and `limit` takes the first records in the order of ids.
 */
export async function insertTaskRecords(
  tx: Db,
  ctx: RequestContext<Actor>,
  arrays: SQL,
  { owner_id, project_id }: RecordList,
  limit?: number
): Promise<number> {
  const created_by = createdBy(ctx, owner_id)
  const first = limit === undefined ? sql`` : sql`ORDER BY t.id LIMIT ${limit}`
  const owner = sql`coalesce(owner_id, ${owner_id}::uuid)`
  const eventRows = sql`
    SELECT
      ${owner} AS owner_id, id, 1 AS version, event_id, '{}'::jsonb AS changes,
      coalesce(project_id, list_project_id) AS project_id, assignee_id
    FROM given`
  const [created] = await executeRows<{ count: number }>(
    tx,
    sql`
      WITH given AS MATERIALIZED (
        SELECT t.*, ${project_id}::uuid AS list_project_id, now() AS moment
        FROM (${arrays}) AS stored (records),
          ROWS FROM (
            jsonb_to_recordset(stored.records)
              AS (
                owner_id uuid, created_by uuid, id uuid, event_id uuid, ${fieldDefinitions},
                created_at timestamptz, completed_at timestamptz, position text
              )
          ) WITH ORDINALITY AS t
        ${first}
      ),
      created AS (
        INSERT INTO tasks (owner_id, created_by, id, ${fieldList}, created_at, completed_at, position)
        SELECT
          ${owner}, coalesce(created_by, ${created_by}::uuid), id, ${storedFieldList},
          least(created_at, moment),
          CASE WHEN status = 'done' THEN least(completed_at, moment) END,
          coalesce(position, ${positionAt(sql`moment`, placeOfRecord)})
        FROM given
        RETURNING 1
      ),
      events AS (
        ${taskEventsCte('task.created', { owner_id: sql`owner_id`, ...eventOrigin(ctx) }, eventRows)}
      ),
      for_assignees AS (${assigneeChangesCte('task.created', eventOrigin(ctx), eventRows)})
      SELECT count(*)::int AS count FROM created`
  )
  return created?.count ?? 0
}

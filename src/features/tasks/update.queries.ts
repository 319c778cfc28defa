import { and, eq, type Placeholder, type SQL, sql } from 'drizzle-orm'
import type { AnyPgColumn } from 'drizzle-orm/pg-core'
import { v7 as uuidv7 } from 'uuid'
import type { RequestContext } from '../../core/context.ts'
import type { Db } from '../../db/client.ts'
import { prepared } from '../../db/prepared-statements.ts'
import type { Changes } from '../../db/tables/task-events.ts'
import { positionAt, tasks } from '../../db/tables/tasks.ts'
import { isLive, isOpen } from './access.sql.ts'
import { fieldDefinitions, fieldPlaceholders, fieldsOfRecord, taskColumns } from './columns.sql.ts'
import {
  eventOrigin,
  originPlaceholders,
  type TaskEventType,
  taskEventsCte
} from './events.queries.ts'
import type { FieldValues } from './fields.ts'
import type { Task } from './schema.ts'

/** What a task becomes: every writable field with its value after the change. */
export interface TaskChange extends FieldValues, Pick<Task, 'owner_id' | 'id'> {
  completion: 'keep' | 'now' | 'never'
  deletion: 'keep' | 'now' | 'never'
  /** Present when the task goes to another owner. */
  new_owner_id?: string
  /** Present when somebody puts it there; in another list it is otherwise at the end. */
  position?: string
}

const timestampOr = (choice: SQL, before: AnyPgColumn) => sql`
  CASE ${choice} WHEN 'now' THEN now() WHEN 'never' THEN NULL ELSE ${before} END`
const nextVersion = { version: sql`${tasks.version} + 1`, updated_at: sql`now()` }

/**
 * A task without live subtasks, of which none is written while the statement waits for the task: whoever puts one below
 * it writes it as well (touchRows), and the conditions of a statement that waited see only the task itself anew.
 */
const standsAlone = (owner_id: Placeholder, id: Placeholder): SQL => sql`
  NOT EXISTS (
    SELECT FROM tasks c
    WHERE c.owner_id = ${owner_id} AND c.parent_id = ${id} AND c.deleted_at IS NULL
  )
  AND tasks.xmin = (SELECT t.xmin FROM tasks t WHERE t.owner_id = ${owner_id} AND t.id = ${id})`

/**
 * Changes one live task, if it still has the version that the change was made for and its project is open, and writes
 * the event: one statement, which is the lock and the transaction. Returns undefined otherwise, and where a task to be
 * deleted has others below it. Prepared once per type.
 */
export function prepareUpdateTask(db: Db, type: TaskEventType) {
  const { placeholder: value } = sql
  const changed = db.$with('changed').as(
    db
      .update(tasks)
      .set({
        ...fieldPlaceholders,
        completed_at: timestampOr(sql`${value('completion')}::text`, tasks.completed_at),
        deleted_at: timestampOr(sql`${value('deletion')}::text`, tasks.deleted_at),
        ...nextVersion
      })
      .where(
        and(
          eq(tasks.owner_id, value('owner_id')),
          eq(tasks.id, value('id')),
          eq(tasks.version, value('version')),
          isLive,
          isOpen,
          type === 'task.deleted' ? standsAlone(value('owner_id'), value('id')) : undefined
        )
      )
      .returning(taskColumns)
  )
  const eventRows = sql`
    SELECT id, version, ${value('event_id')}::uuid AS event_id, ${value('changes')}::jsonb AS changes
    FROM changed`
  const event = db.$with('event', {}).as(taskEventsCte(type, originPlaceholders, eventRows))
  const statement = prepared(db.with(changed, event).select().from(changed), `update_task ${type}`)
  return async (
    ctx: RequestContext,
    version: number,
    change: TaskChange,
    changes: Changes
  ): Promise<Task | undefined> => {
    const [task] = await statement.execute({
      ...change,
      version,
      changes: JSON.stringify(changes),
      ...eventOrigin(ctx),
      event_id: uuidv7()
    })
    return task
  }
}
export type UpdateTask = ReturnType<typeof prepareUpdateTask>

/**
 * Changes locked tasks in one statement, each to a new version; returns them by id. The history of those that go to
 * another owner goes with them.
 */
export async function updateTasks(tx: Db, changes: TaskChange[]): Promise<Map<string, Task>> {
  const moved = changes.filter(({ new_owner_id }) => new_owner_id !== undefined)
  const records = sql`
    jsonb_to_recordset(${JSON.stringify(changes)}::jsonb)
      AS v(owner_id uuid, id uuid, ${fieldDefinitions}, completion text, deletion text,
        new_owner_id uuid, position text)`
  const changed: Task[] = await tx
    .update(tasks)
    .set({
      ...fieldsOfRecord,
      completed_at: timestampOr(sql`v.completion`, tasks.completed_at),
      deleted_at: timestampOr(sql`v.deletion`, tasks.deleted_at),
      owner_id: sql`coalesce(v.new_owner_id, ${tasks.owner_id})`,
      created_by: sql`
        CASE WHEN v.new_owner_id IS NULL THEN ${tasks.created_by} ELSE ${taskColumns.created_by.sql} END`,
      deleted_with: null,
      position: sql`
        CASE WHEN v.position IS NULL AND v.project_id IS DISTINCT FROM ${tasks.project_id}
          THEN ${positionAt(sql`now()`, tasks.id)} ELSE coalesce(v.position, ${tasks.position}) END`,
      ...nextVersion
    })
    .from(records)
    .where(sql`${tasks.owner_id} = v.owner_id AND ${tasks.id} = v.id`)
    .returning(taskColumns)
  await moveEvents(tx, moved)
  return new Map(changed.map((task) => [task.id, task]))
}

async function moveEvents(tx: Db, moved: TaskChange[]): Promise<void> {
  if (moved.length === 0) {
    return
  }
  await tx.execute(sql`
    UPDATE task_events e
    SET owner_id = v.new_owner_id
    FROM jsonb_to_recordset(${JSON.stringify(moved)}::jsonb)
      AS v(owner_id uuid, id uuid, new_owner_id uuid)
    WHERE e.owner_id = v.owner_id AND e.task_id = v.id`)
}

/** Adds to the number of comments that a live task has, and to nothing else; false when there is no such task. */
export async function updateCommentCount(
  tx: Db,
  { owner_id, id }: Pick<Task, 'owner_id' | 'id'>,
  by: number
): Promise<boolean> {
  const counted = await tx
    .update(tasks)
    .set({ comment_count: sql`${tasks.comment_count} + ${by}` })
    .where(and(eq(tasks.owner_id, owner_id), eq(tasks.id, id), isLive))
    .returning({ id: tasks.id })
  return counted.length === 1
}

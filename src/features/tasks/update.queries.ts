import { and, eq, type Placeholder, type SQL, sql } from 'drizzle-orm'
import type { AnyPgColumn } from 'drizzle-orm/pg-core'
import { assigneeChangesCte } from '../../core/change-feed.ts'
import type { RequestContext } from '../../core/context.ts'
import { eachOwner } from '../../db/by-owner.ts'
import type { Db } from '../../db/client.ts'
import { prepared } from '../../db/prepared-statements.ts'
import { executeRows, uuids } from '../../db/rows.ts'
import type { Changes } from '../../db/tables/task-events.ts'
import { positionAt, tasks } from '../../db/tables/tasks.ts'
import { newId } from '../../lib/uuid.ts'
import { isLive, isOpen } from './access.sql.ts'
import { fieldDefinitions, fieldPlaceholders, fieldsOfRecord, taskColumns } from './columns.sql.ts'
import {
  eventOrigin,
  originPlaceholders,
  type TaskEventType,
  taskEventsCte
} from './events.queries.ts'
import type { FieldValues } from './fields.ts'
import { giveEvents, giveTasks } from './give.queries.ts'
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

/**
 * Now, the time before, or none, as the choice is `now`, `keep` or something else. An array, since the planner of a
 * distributed table takes no time beside a column in CASE.
 */
export const timestampOr = (choice: SQL, before: AnyPgColumn) => sql`
  (ARRAY[now(), ${before}])[CASE WHEN ${choice} = 'now' THEN 1 WHEN ${choice} = 'keep' THEN 2 END]`
export const nextVersion = { version: sql`${tasks.version} + 1`, updated_at: sql`now()` }

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
    SELECT
      owner_id, id, version, ${value('event_id')}::uuid AS event_id, ${value('changes')}::jsonb AS changes,
      project_id, assignee_id
    FROM changed`
  const event = db.$with('event', {}).as(taskEventsCte(type, originPlaceholders, eventRows))
  const forAssignee = db
    .$with('for_assignee', {})
    .as(assigneeChangesCte(type, originPlaceholders, eventRows))
  const usual = prepared(db.with(changed, event).select().from(changed), `update_task ${type}`)
  const assigned = prepared(
    db.with(changed, event, forAssignee).select().from(changed),
    `update_assigned_task ${type}`
  )
  return async (
    ctx: RequestContext,
    version: number,
    change: TaskChange,
    changes: Changes
  ): Promise<Task | undefined> => {
    // The assignee is part of the version, and does not change here.
    const statement = change.assignee_id === null ? usual : assigned
    const [task] = await statement.execute({
      ...change,
      version,
      changes: JSON.stringify(changes),
      ...eventOrigin(ctx),
      event_id: newId()
    })
    return task
  }
}
export type UpdateTask = ReturnType<typeof prepareUpdateTask>

/**
 * Changes locked tasks, those of each owner in one statement, each to a new version; returns them by id. Those that go
 * to another owner do so first, with their history and comments.
 */
export async function updateTasks(tx: Db, changes: TaskChange[]): Promise<Map<string, Task>> {
  const changed = await eachOwner(await moveToOwners(tx, changes), (owner_id, own) =>
    updateTasksOf(tx, owner_id, own)
  )
  return new Map(changed.map((task) => [task.id, task]))
}

function updateTasksOf(tx: Db, owner_id: string, changes: TaskChange[]): Promise<Task[]> {
  const records = sql`
    jsonb_to_recordset(${JSON.stringify(changes)}::jsonb)
      AS v(id uuid, ${fieldDefinitions}, completion text, deletion text, position text)`
  const atTheEnd = positionAt(sql`now()`, tasks.id)
  const isAtTheEnd = sql`v.position IS NULL AND v.project_id IS DISTINCT FROM ${tasks.project_id}`
  return tx
    .update(tasks)
    .set({
      ...fieldsOfRecord,
      completed_at: timestampOr(sql`v.completion`, tasks.completed_at),
      deleted_at: timestampOr(sql`v.deletion`, tasks.deleted_at),
      deleted_with: null,
      // Citus breaks down on a value that is nothing but an element of an array.
      position: sql`
        (ARRAY[${atTheEnd}, coalesce(v.position, ${tasks.position})])[CASE WHEN ${isAtTheEnd} THEN 1 ELSE 2 END]
          || ''`,
      ...nextVersion
    })
    .from(records)
    .where(and(eq(tasks.owner_id, owner_id), sql`${tasks.id} = v.id`))
    .returning(taskColumns)
}

/** Gives tasks to the owners that their changes name, and returns the changes of what they are then. */
async function moveToOwners(tx: Db, changes: TaskChange[]): Promise<TaskChange[]> {
  const staying = changes.filter(({ new_owner_id }) => new_owner_id === undefined)
  const moving = changes.flatMap((change) =>
    change.new_owner_id === undefined ? [] : { ...change, to: change.new_owner_id }
  )
  const moved = await eachOwner(moving, async (from, own) => {
    for (const [to, given] of Map.groupBy(own, (change) => change.to)) {
      const ids = given.map(({ id }) => id)
      await giveTasks(tx, ids, from, to)
      await giveEvents(tx, ids, from, to)
    }
    return own.map(({ to, ...change }) => ({ ...change, owner_id: to }))
  })
  return [...staying, ...moved]
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

/** Adds one to the number of comments of a task for each time that it is named. */
export async function addCommentCounts(
  tx: Db,
  added: { owner_id: string; task_id: string }[]
): Promise<void> {
  await eachOwner(added, (owner_id, own) =>
    executeRows(
      tx,
      sql`
        UPDATE tasks
        SET comment_count = comment_count + v.count
        FROM (
          SELECT task_id, count(*)::int AS count
          FROM unnest(${uuids(own.map(({ task_id }) => task_id))}) AS task_id
          GROUP BY task_id
        ) AS v
        WHERE tasks.owner_id = ${owner_id} AND tasks.id = v.task_id`
    )
  )
}

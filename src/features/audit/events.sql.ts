import { and, type SQL, sql } from 'drizzle-orm'
import { afterCursor, type KeysetPosition } from '../../db/keyset.ts'
import { auditEvents } from '../../db/tables/audit-events.ts'
import { taskEvents } from '../../db/tables/task-events.ts'
import { borderOf } from '../../lib/time-border.ts'
import { UUID } from '../../lib/uuid.ts'
import type { AuditFilter } from './schema.ts'

/** Actions of task history, which is stored in a table of its own. */
const isTaskAction = (action: string): boolean => action.startsWith('task.')

const isDeletedActor = sql`p.actor_id IS NOT NULL AND u.id IS NULL`

/**
 * One page of the audit log, newest first, from the audit events and the history of all tasks, without the rows of
 * imports. Each is read by key, no
 * further than one page. Deleted accounts have a pseudonym, also while the log still has to forget their names.
 * Undefined when nothing can match.
 */
export function pageSql(
  filter: AuditFilter,
  limit: number,
  after?: KeysetPosition
): SQL | undefined {
  const order = sql`ORDER BY created_at DESC, id DESC LIMIT ${limit}`
  const branches = [auditBranch(filter, after), taskBranch(filter, after)]
    .filter((branch) => branch !== undefined)
    .map((branch) => sql`(${branch} ${order})`)
  if (branches.length === 0) {
    return undefined
  }
  return sql`
  SELECT
    p.id,
    p.action,
    p.outcome,
    p.actor_id,
    p.subject_type,
    p.subject_id,
    CASE WHEN ${isDeletedActor} THEN NULL ELSE p.address END AS address,
    p.request_id,
    p.created_at,
    CASE
      WHEN ${isDeletedActor} THEN 'deleted user ' || right(p.actor_id::text, 12)
      ELSE coalesce(p.actor_name, u.username, u.email)
    END AS actor_name,
    coalesce(
      p.detail,
      (SELECT string_agg(field, ', ' ORDER BY field) FROM jsonb_object_keys(p.changes) field)
    ) AS detail
  FROM (${sql.join(branches, sql` UNION ALL `)}) p
  LEFT JOIN users u ON u.id = p.actor_id AND u.deleted_at IS NULL
  ${order}`
}

function auditBranch(filter: AuditFilter, after?: KeysetPosition): SQL | undefined {
  const { action, subject_id } = filter
  if (action !== undefined && isTaskAction(action)) {
    return undefined
  }
  const t = auditEvents
  const conditions = and(
    sql`true`,
    ...actorAndTime(t, filter, after),
    action === undefined ? undefined : sql`${t.action} = ${action}`,
    subject_id === undefined ? undefined : sql`${t.subject_id} = ${subject_id.toLowerCase()}`
  )
  return sql`
    SELECT
      id,
      action,
      outcome,
      actor_id,
      actor_name,
      subject_type,
      subject_id,
      detail,
      null::jsonb AS changes,
      address,
      request_id,
      created_at
    FROM ${t}
    WHERE ${conditions}`
}

function taskBranch(filter: AuditFilter, after?: KeysetPosition): SQL | undefined {
  const { action, subject_id } = filter
  const isOther = action !== undefined && !isTaskAction(action)
  if (isOther || (subject_id !== undefined && !UUID.test(subject_id))) {
    return undefined
  }
  const t = taskEvents
  const conditions = and(
    sql`true`,
    ...actorAndTime(t, filter, after),
    action === undefined ? undefined : sql`${t.type} = ${action}`,
    // Who asks for a task gets all of its events.
    subject_id === undefined ? sql`NOT ${t.is_part}` : isOfTask(subject_id)
  )
  return sql`
    SELECT
      id,
      type AS action,
      'succeeded' AS outcome,
      actor_id,
      null AS actor_name,
      'task' AS subject_type,
      task_id::text AS subject_id,
      null AS detail,
      changes,
      null AS address,
      request_id,
      created_at
    FROM ${t}
    WHERE ${conditions}`
}

/** The key of task history starts with the owner: with the owner named, the key finds it. */
const isOfTask = (taskId: string): SQL => sql`${taskEvents.task_id} = ${taskId}::uuid
      AND ${taskEvents.owner_id} IN (
        SELECT owner_id FROM tasks WHERE tasks.id = ${taskId}::uuid
        UNION ALL
        SELECT e.owner_id
        FROM task_events e
        WHERE e.task_id = ${taskId}::uuid AND e.type = 'task.purged'
      )`

/** A date alone is a day in UTC. */
const momentOf = (filter: string, value: string): string =>
  borderOf(filter, value, undefined).moment

function actorAndTime(
  t: typeof auditEvents | typeof taskEvents,
  { actor_id, created_after, created_before }: AuditFilter,
  after?: KeysetPosition
): (SQL | undefined)[] {
  return [
    actor_id === undefined ? undefined : sql`${t.actor_id} = ${actor_id}::uuid`,
    created_after === undefined
      ? undefined
      : sql`${t.created_at} >= ${momentOf('created_after', created_after)}::timestamptz`,
    created_before === undefined
      ? undefined
      : sql`${t.created_at} < ${momentOf('created_before', created_before)}::timestamptz`,
    afterCursor(t, after)
  ]
}

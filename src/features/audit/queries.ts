import { and, type SQL, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { afterCursor, type KeysetPosition } from '../../db/keyset.ts'
import { executeRows } from '../../db/rows.ts'
import { auditEvents } from '../../db/tables/audit-events.ts'
import { taskEvents } from '../../db/tables/task-events.ts'
import { normalizeTimestamp, timestampFromDatabase } from '../../lib/timestamp.ts'
import type { AuditEvent, AuditQuery, Statistics } from './schema.ts'

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
export type AuditFilter = Omit<AuditQuery, 'limit' | 'cursor'>

/**
 * The audit log, newest first: the facts of the control plane and the history of all tasks, each read by key and each
 * no further than one page. The name of somebody whose account is gone is the last one the log remembers.
 */
export async function listAuditEvents(
  db: Db,
  filter: AuditFilter,
  limit: number,
  after?: KeysetPosition
): Promise<AuditEvent[]> {
  const order = sql`order by created_at desc, id desc limit ${limit}`
  const branches = [facts(filter, after), taskChanges(filter, after)]
    .filter((branch) => branch !== undefined)
    .map((branch) => sql`(${branch} ${order})`)
  if (branches.length === 0) {
    return []
  }
  const rows = await executeRows<AuditEvent & Record<string, unknown>>(
    db,
    sql`
    select p.id, p.action, p.outcome, p.actor_id, p.subject_type, p.subject_id, p.address, p.request_id, p.created_at,
      coalesce(p.actor_name, u.username, u.email,
        (select a.actor_name from audit_events a where a.actor_id = p.actor_id and a.actor_name is not null order by a.created_at desc, a.id desc limit 1)) as actor_name,
      coalesce(p.detail, (select string_agg(field, ', ' order by field) from jsonb_object_keys(p.changes) field)) as detail
    from (${sql.join(branches, sql` union all `)}) p left join users u on u.id = p.actor_id ${order}`
  )
  return rows.map((row) => ({ ...row, created_at: timestampFromDatabase(row.created_at) }))
}

function facts(filter: AuditFilter, after?: KeysetPosition): SQL | undefined {
  if (filter.action?.startsWith('task.')) {
    return undefined
  }
  const t = auditEvents
  return sql`select id, action, outcome, actor_id, actor_name, subject_type, subject_id, detail, null::jsonb as changes, address, request_id, created_at from ${t} where ${and(
    sql`true`,
    ...whenAndWho(t, filter, after),
    filter.action === undefined ? undefined : sql`${t.action} = ${filter.action}`,
    filter.subject_id === undefined
      ? undefined
      : sql`${t.subject_id} = ${filter.subject_id.toLowerCase()}`
  )}`
}

function taskChanges(filter: AuditFilter, after?: KeysetPosition): SQL | undefined {
  const { action, subject_id } = filter
  if (
    (action !== undefined && !action.startsWith('task.')) ||
    (subject_id !== undefined && !UUID.test(subject_id))
  ) {
    return undefined
  }
  const t = taskEvents
  return sql`select id, type as action, 'succeeded' as outcome, actor_id, null as actor_name, 'task' as subject_type, task_id::text as subject_id, null as detail, changes, null as address, request_id, created_at from ${t} where ${and(
    sql`true`,
    ...whenAndWho(t, filter, after),
    action === undefined ? undefined : sql`${t.type} = ${action}`,
    // History is kept by owner: with the owner named, its key finds it.
    subject_id === undefined
      ? undefined
      : sql`${t.task_id} = ${subject_id}::uuid and ${t.owner_id} in (select owner_id from tasks where tasks.id = ${subject_id}::uuid)`
  )}`
}

function whenAndWho(
  t: typeof auditEvents | typeof taskEvents,
  { actor_id, created_after, created_before }: AuditFilter,
  after?: KeysetPosition
): (SQL | undefined)[] {
  return [
    actor_id === undefined ? undefined : sql`${t.actor_id} = ${actor_id}::uuid`,
    created_after === undefined
      ? undefined
      : sql`${t.created_at} >= ${normalizeTimestamp(created_after)}::timestamptz`,
    created_before === undefined
      ? undefined
      : sql`${t.created_at} < ${normalizeTimestamp(created_before)}::timestamptz`,
    afterCursor(t, after)
  ]
}

/** Counts of everything; reads whole tables, so it is for the rare look of an admin. */
export async function findStatistics(db: Db): Promise<Statistics> {
  const [users] = await executeRows<Statistics['users']>(
    db,
    sql`
    select count(*)::int as total, ${countOf('role', ['user', 'manager', 'admin'])}, count(*) filter (where disabled)::int as disabled from users`
  )
  const [tasks] = await executeRows<Statistics['tasks']>(
    db,
    sql`
    select count(*)::int - count(deleted_at)::int as total, ${countOf('status', ['todo', 'in_progress', 'done'], sql`deleted_at is null and `)}, count(deleted_at)::int as deleted from tasks`
  )
  const days = await executeRows<Statistics['days'][number]>(
    db,
    sql`
    with days as (select generate_series(current_date - 29, current_date, interval '1 day')::date as day)
    select to_char(days.day, 'YYYY-MM-DD') as day, coalesce(u.made, 0) as users, coalesce(t.made, 0) as tasks from days
    left join (select created_at::date as day, count(*)::int as made from users where created_at >= current_date - 29 group by 1) u on u.day = days.day
    left join (select created_at::date as day, count(*)::int as made from tasks where created_at >= current_date - 29 group by 1) t on t.day = days.day
    order by days.day`
  )
  return { users, tasks, days } as Statistics
}

/** One column for each value; the names are ours, never a caller's. */
function countOf(column: 'role' | 'status', values: readonly string[], when: SQL = sql``): SQL {
  return sql.join(
    values.map(
      (value) =>
        sql`count(*) filter (where ${when}${sql.identifier(column)} = ${value})::int as ${sql.identifier(value)}`
    ),
    sql`, `
  )
}

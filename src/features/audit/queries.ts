import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import type { KeysetPosition } from '../../db/keyset.ts'
import { executeRows } from '../../db/rows.ts'
import { timestampFromDatabase } from '../../lib/timestamp.ts'
import { pageSql } from './events.sql.ts'
import type { AuditEvent, AuditFilter, Statistics } from './schema.ts'
import { DAYS_SQL, TASK_COUNTS_SQL, USER_COUNTS_SQL } from './statistics.sql.ts'

/** Lists the audit log, newest first, from a position if one is given. */
export async function listAuditEvents(
  db: Db,
  filter: AuditFilter,
  limit: number,
  after?: KeysetPosition
): Promise<AuditEvent[]> {
  const statement = pageSql(filter, limit, after)
  if (!statement) {
    return []
  }
  const rows = await executeRows<AuditEvent>(db, statement)
  return rows.map((row) => ({ ...row, created_at: timestampFromDatabase(row.created_at) }))
}

/** Counts users and tasks. Reads whole tables, so it is for the rare request of an admin. */
export async function findStatistics(db: Db): Promise<Statistics> {
  const [users] = await executeRows<Statistics['users']>(db, USER_COUNTS_SQL)
  const [tasks] = await executeRows<Statistics['tasks']>(db, TASK_COUNTS_SQL)
  const days = await executeRows<Statistics['days'][number]>(db, DAYS_SQL)
  return { users, tasks, days } as Statistics
}

const PURGE_CHUNK = 1000

/** Runs one of the functions that alone may change the audit log; returns the number of events that it changed. */
async function changeLog(db: Db, call: SQL): Promise<number> {
  const [row] = await executeRows<{ changed: number }>(db, sql`SELECT ${call} AS changed`)
  return row?.changed ?? 0
}

/** Deletes a chunk of the events that are older than so many days. Call again while there is more. */
export async function purgeAuditEvents(
  db: Db,
  olderThanDays: number
): Promise<{ done: number; more: boolean }> {
  const done = await changeLog(
    db,
    sql`audit_events_purge(${olderThanDays}::int, ${PURGE_CHUNK}::int)`
  )
  return { done, more: done === PURGE_CHUNK }
}

/** Takes names and IP addresses from a chunk of a deleted account's events; returns true when there may be more. */
export async function forgetActor(tx: Db, _ctx: unknown, userId: string): Promise<boolean> {
  const changed = await changeLog(
    tx,
    sql`audit_events_forget(${userId}::uuid, ${PURGE_CHUNK}::int)`
  )
  return changed >= PURGE_CHUNK
}

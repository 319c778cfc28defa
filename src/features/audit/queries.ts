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

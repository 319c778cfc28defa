import { type SQL, sql } from 'drizzle-orm'
import { isOfUser } from '../../db/tables/users.ts'

/** Counts the rows with each value in a column of that name; the names come from the code, never from a caller. */
const countOf = (column: 'role' | 'status', values: readonly string[], condition: SQL): SQL =>
  sql.join(
    values.map(
      (value) => sql`count(*) FILTER (
      WHERE ${condition} AND ${sql.identifier(column)} = ${value}
    )::int AS ${sql.identifier(value)}`
    ),
    sql`, `
  )

/** The tasks of deleted accounts still have to be deleted. */
const isOwned = isOfUser(sql`owner_id`)

export const USER_COUNTS_SQL = sql`
  SELECT
    count(*)::int AS total,
    ${countOf('role', ['user', 'manager', 'admin'], sql`true`)},
    count(*) FILTER (WHERE disabled)::int AS disabled
  FROM users
  WHERE deleted_at IS NULL`

export const TASK_COUNTS_SQL = sql`
  SELECT
    count(*)::int - count(deleted_at)::int AS total,
    ${countOf('status', ['todo', 'in_progress', 'done'], sql`deleted_at IS NULL`)},
    count(deleted_at)::int AS deleted
  FROM tasks
  WHERE ${isOwned}`

const createdPerDay = (table: 'users' | 'tasks', condition: SQL): SQL => sql`
    SELECT created_at::date AS day, count(*)::int AS created
    FROM ${sql.identifier(table)}
    WHERE created_at >= current_date - 29 AND ${condition}
    GROUP BY 1`

/** What was created on each of the last 30 days, today included. */
export const DAYS_SQL = sql`
  WITH days AS (
    SELECT generate_series(current_date - 29, current_date, interval '1 day')::date AS day
  )
  SELECT
    to_char(days.day, 'YYYY-MM-DD') AS day,
    coalesce(u.created, 0) AS users,
    coalesce(t.created, 0) AS tasks
  FROM days
  LEFT JOIN (${createdPerDay('users', sql`deleted_at IS NULL`)}) u ON u.day = days.day
  LEFT JOIN (${createdPerDay('tasks', isOwned)}) t ON t.day = days.day
  ORDER BY days.day`

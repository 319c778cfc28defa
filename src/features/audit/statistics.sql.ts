import { type SQL, sql } from 'drizzle-orm'

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

export const USER_COUNTS_SQL = sql`
  SELECT
    count(*)::int AS total,
    ${countOf('role', ['user', 'manager', 'admin'], sql`true`)},
    count(*) FILTER (WHERE disabled)::int AS disabled
  FROM users`

export const TASK_COUNTS_SQL = sql`
  SELECT
    count(*)::int - count(deleted_at)::int AS total,
    ${countOf('status', ['todo', 'in_progress', 'done'], sql`deleted_at IS NULL`)},
    count(deleted_at)::int AS deleted
  FROM tasks`

const createdPerDay = (table: 'users' | 'tasks'): SQL => sql`
    SELECT created_at::date AS day, count(*)::int AS created
    FROM ${sql.identifier(table)}
    WHERE created_at >= current_date - 29
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
  LEFT JOIN (${createdPerDay('users')}) u ON u.day = days.day
  LEFT JOIN (${createdPerDay('tasks')}) t ON t.day = days.day
  ORDER BY days.day`

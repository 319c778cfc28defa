import { type SQL, sql } from 'drizzle-orm'
import { horizon } from '../../db/change-clock.ts'
import { isDistributed } from '../../db/citus/distribution.ts'
import { readSettledClock } from '../../db/citus/horizon.ts'
import type { Db } from '../../db/client.ts'
import { timestampText } from '../../db/columns.ts'
import { executeRows } from '../../db/rows.ts'
import type { FeedPlace, FollowedProject, Follower, StoredChange } from './feed.sql.ts'
import { listsOf } from './feed.sql.ts'
import { findFirstByOwner, listWithNewsByOwner, readFeedByOwner } from './feed-by-owner.queries.ts'

export {
  type FeedPlace,
  FIRST_ID,
  type Follower,
  type StoredChange,
  type TimedPlace
} from './feed.sql.ts'

const COLUMNS = sql`
  position::text, id, type, actor_id, request_id, project_id, resource_type, resource_id, task_id, version,
  to_jsonb(changed_fields) AS changed_fields, ${timestampText(sql`created_at`)} AS occurred_at`

/** What is read of a list: behind a place, and before the horizon. */
const within = (alias: string, after: { position: SQL; id: SQL }): SQL => {
  const t = sql.raw(alias)
  return sql`
    ${t}.owner_id = l.owner_id AND ${t}.list_id = l.list_id
      AND (${t}.position, ${t}.id) > (${after.position}, ${after.id})
      AND ${t}.position < (SELECT horizon FROM clock)`
}

/**
 * Reads changes of the lists of a user behind a place, oldest first, and the horizon: no change that is before it can
 * appear any more. One statement, so that lists and changes are as of one moment. Without a horizon nothing could be
 * read at this time.
 */
export async function readFeed(
  db: Db,
  userId: string,
  after: FeedPlace,
  options: { limit: number; project?: FollowedProject | undefined }
): Promise<{ horizon: string | undefined; changes: StoredChange[] }> {
  if (await isDistributed(db)) {
    return readFeedByOwner(db, userId, after, options)
  }
  const { limit, project } = options
  const place = { position: sql`${after.position}::bigint`, id: sql`${after.id}::uuid` }
  const rows = await executeRows<StoredChange & { horizon: string }>(
    db,
    sql`
      WITH clock AS MATERIALIZED (SELECT ${horizon} AS horizon),
      lists AS MATERIALIZED (${listsOf(sql`${userId}::uuid`, project)}),
      found AS (
        SELECT e.* FROM lists l CROSS JOIN LATERAL (
          SELECT
            position, id, type, actor_id, request_id, nullif(list_id, owner_id) AS project_id,
            'task' AS resource_type, e.task_id AS resource_id, NULL::uuid AS task_id, version,
            ARRAY(SELECT jsonb_object_keys(changes)) AS changed_fields, created_at
          FROM task_events e
          WHERE ${within('e', place)} AND l.with_tasks
          ORDER BY e.position, e.id
          LIMIT ${limit}
        ) e
        UNION ALL
        SELECT c.* FROM lists l CROSS JOIN LATERAL (
          SELECT
            position, id, type, actor_id, request_id, project_id, resource_type, resource_id, task_id, version,
            changed_fields, created_at
          FROM list_changes c
          WHERE ${within('c', place)} ${project ? sql`AND project_id = ${project.id}` : sql``}
          ORDER BY c.position, c.id
          LIMIT ${limit}
        ) c
      ),
      first AS (
        SELECT DISTINCT ON (position, id) * FROM found ORDER BY position, id, project_id NULLS LAST LIMIT ${limit}
      )
      SELECT clock.horizon::text AS horizon, changes.*
      FROM clock LEFT JOIN (SELECT ${COLUMNS} FROM first) changes ON true
      ORDER BY changes.position::bigint, changes.id`
  )
  return {
    horizon: rows[0]?.horizon as string,
    changes: rows.filter(({ id }) => id !== null)
  }
}

/** Returns the horizon: every change that is still to come has this position or a later one. */
export async function readHorizon(db: Db): Promise<string> {
  if (await isDistributed(db)) {
    return (await readSettledClock(db)).horizon
  }
  const [row] = await executeRows<{ horizon: string }>(
    db,
    sql`SELECT (${horizon})::text AS horizon`
  )
  return row?.horizon as string
}

/** Returns the number of the oldest transaction that is running on the server, and that of the next one to begin. */
export async function readSnapshot(db: Db): Promise<{ oldest: string; next: string }> {
  const [row] = await executeRows<{ oldest: string; next: string }>(
    db,
    sql`
      SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS oldest,
        pg_snapshot_xmax(pg_current_snapshot())::text AS next`
  )
  return row as { oldest: string; next: string }
}

/** Returns which users have a change from a position on in one of their lists, and before the horizon. */
export async function listWithNews(
  db: Db,
  followers: Follower[],
  horizon: string
): Promise<string[]> {
  if (followers.length === 0) {
    return []
  }
  if (await isDistributed(db)) {
    return listWithNewsByOwner(db, followers, horizon)
  }
  const hasNews = (table: string) => sql`
    EXISTS (
      SELECT FROM ${sql.raw(table)} t
      WHERE t.owner_id = l.owner_id AND t.list_id = l.list_id
        AND t.position >= f.position AND t.position < ${horizon}::bigint
    )`
  const rows = await executeRows<{ user_id: string }>(
    db,
    sql`
      SELECT f.user_id
      FROM (
        SELECT user_id, min(position) AS position
        FROM jsonb_to_recordset(${JSON.stringify(followers)}::jsonb) AS f(user_id uuid, position bigint)
        GROUP BY user_id
      ) f
      WHERE EXISTS (
        SELECT FROM (${listsOf(sql`f.user_id`)}) l
        WHERE ${hasNews('task_events')} OR ${hasNews('list_changes')}
      )`
  )
  return rows.map(({ user_id }) => user_id)
}

/**
 * Returns where the first change in the lists of a user is from a position on, and whether it happened at a time or
 * later.
 */
export async function findFirstFrom(
  db: Db,
  userId: string,
  position: string,
  time: string
): Promise<{ position: string; is_later: boolean } | undefined> {
  if (await isDistributed(db)) {
    return findFirstByOwner(db, userId, position, time)
  }
  const firstOf = (table: string) => sql`
    SELECT t.position, t.created_at
    FROM ${sql.raw(table)} t
    WHERE t.owner_id = l.owner_id AND t.list_id = l.list_id AND t.position >= ${position}::bigint
    ORDER BY t.position, t.id
    LIMIT 1`
  const [row] = await executeRows<{ position: string; is_later: boolean }>(
    db,
    sql`
      SELECT f.position::text AS position, f.created_at >= ${time}::timestamptz AS is_later
      FROM (${listsOf(sql`${userId}::uuid`)}) l
      CROSS JOIN LATERAL ((${firstOf('task_events')}) UNION ALL (${firstOf('list_changes')})) f
      ORDER BY f.position
      LIMIT 1`
  )
  return row
}

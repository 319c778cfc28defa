import { sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { executeRows } from '../../db/rows.ts'

/** Returns the versions that follow the last events of purged tasks, by the ids of those that have one, whosever. */
export async function readFirstVersions(tx: Db, ids: string[]): Promise<Map<string, number>> {
  const rows = await executeRows<{ id: string; version: number }>(
    tx,
    sql`
      SELECT task_id AS id, max(version) + 1 AS version
      FROM task_events
      WHERE type = 'task.purged' AND task_id = ANY(${`{${ids.join()}}`}::uuid[])
      GROUP BY task_id`
  )
  return new Map(rows.map(({ id, version }) => [id, version]))
}

/** Returns the values that changed since a version, as they were with it, by field: one for each, however many. */
export async function readValuesBefore(
  tx: Db,
  owner_id: string,
  task_id: string,
  version: number
): Promise<Map<string, unknown>> {
  const rows = await executeRows<{ field: string; old: unknown }>(
    tx,
    sql`
      SELECT DISTINCT ON (c.key) c.key AS field, c.value -> 'old' AS old
      FROM task_events e
      CROSS JOIN LATERAL jsonb_each(e.changes) c
      WHERE e.owner_id = ${owner_id} AND e.task_id = ${task_id} AND e.version > ${version}
      ORDER BY c.key, e.version`
  )
  return new Map(rows.map(({ field, old }) => [field, old]))
}

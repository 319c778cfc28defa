import { and, eq, inArray, or, type SQL, sql } from 'drizzle-orm'
import type { Caller } from '../../core/context.ts'
import type { Db } from '../../db/client.ts'
import { executeRows } from '../../db/rows.ts'
import { tasks } from '../../db/tables/tasks.ts'
import { isInLiveProject, isManager, othersTask } from './access.sql.ts'

/** Entries of the history that one statement reads, the newest of each task; comments are a thousand at most. */
const MAX_READ = 20_000

/**
 * Returns the ids of those who appear in tasks that the caller sees, deleted or not: owner, creator, assignee, authors
 * of comments, and who changed them. A task that the caller does not see adds nobody.
 */
export async function listPeopleOfTasks(
  db: Db,
  caller: Caller,
  taskIds: string[]
): Promise<string[]> {
  const { owner_id, id, assignee_id, created_by, project_id } = tasks
  const seen = db
    .select({ owner_id, id, assignee_id, created_by, project_id })
    .from(tasks)
    .where(
      and(
        inArray(id, taskIds),
        or(eq(owner_id, caller.id), othersTask(caller.id, isManager(caller))),
        isInLiveProject
      )
    )
  const each = Math.floor(MAX_READ / taskIds.length)
  const rows = await executeRows<{ id: string }>(
    db,
    sql`
      WITH seen AS MATERIALIZED (${seen})
      SELECT DISTINCT p.id
      FROM (
        SELECT owner_id AS id FROM seen
        UNION ALL SELECT created_by FROM seen
        UNION ALL SELECT assignee_id FROM seen
        UNION ALL
        SELECT e.actor_id
        FROM seen CROSS JOIN LATERAL (
          SELECT actor_id FROM task_events
          WHERE owner_id = seen.owner_id AND task_id = seen.id
            AND version >= ${shownSince(caller)}
          ORDER BY version DESC
          LIMIT ${each}
        ) e
        UNION ALL
        SELECT c.author_id
        FROM seen CROSS JOIN LATERAL (
          SELECT DISTINCT author_id FROM task_comments
          WHERE owner_id = seen.owner_id AND task_id = seen.id
        ) c
      ) p
      WHERE p.id IS NOT NULL`
  )
  return rows.map((row) => row.id)
}

/** Whoever sees a personal task because it is assigned to them does not see what was before that. */
const shownSince = (caller: Caller): SQL => sql`CASE
  WHEN seen.owner_id = ${caller.id} OR seen.project_id IS NOT NULL OR ${isManager(caller)}::boolean THEN 1
  ELSE coalesce((
    SELECT max(a.version) FROM task_events a
    WHERE a.owner_id = seen.owner_id AND a.task_id = seen.id
      AND a.changes #>> '{assignee_id,new}' = ${caller.id}
  ), 1)
END`

import { and, eq, inArray, or, type SQL, sql } from 'drizzle-orm'
import type { Caller } from '../../core/context.ts'
import type { Db } from '../../db/client.ts'
import { executeRows } from '../../db/rows.ts'
import { tasks } from '../../db/tables/tasks.ts'
import { isManager, othersTask } from './access.sql.ts'
import { isInReach } from './others.queries.ts'
import { listLive } from './queries.ts'

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
  const visible = await db
    .select({ owner_id, id, assignee_id, created_by, project_id })
    .from(tasks)
    .where(
      and(
        inArray(id, taskIds),
        or(eq(owner_id, caller.id), othersTask(caller.id, isManager(caller))),
        await isInReach(db, caller)
      )
    )
  const live = await listLive(db, [...new Set(visible.flatMap((task) => task.project_id ?? []))])
  const seen = visible.filter((task) => task.project_id === null || live.has(task.project_id))
  const people = new Set(
    seen.flatMap((task) => [task.owner_id, task.created_by ?? [], task.assignee_id ?? []].flat())
  )
  const each = Math.floor(MAX_READ / taskIds.length)
  for (const [owner, ofOwner] of Map.groupBy(seen, (task) => task.owner_id)) {
    for (const person of await listWriters(db, caller, owner, ofOwner, each)) {
      people.add(person)
    }
  }
  return [...people]
}

/** Returns who changed tasks of one owner that the caller sees, and who commented on them. */
async function listWriters(
  db: Db,
  caller: Caller,
  owner: string,
  seen: { id: string; project_id: string | null }[],
  each: number
): Promise<string[]> {
  const isShownWhole = owner === caller.id || isManager(caller)
  const given = JSON.stringify(
    seen.map((task) => ({ id: task.id, whole: isShownWhole || task.project_id !== null }))
  )
  const rows = await executeRows<{ id: string }>(
    db,
    sql`
      SELECT DISTINCT p.id
      FROM (
        SELECT e.actor_id AS id
        FROM jsonb_to_recordset(${given}::jsonb) AS seen(id uuid, whole boolean)
        CROSS JOIN LATERAL (
          SELECT actor_id FROM task_events
          WHERE owner_id = ${owner} AND task_id = seen.id AND version >= ${shownSince(caller, owner)}
          ORDER BY version DESC
          LIMIT ${each}
        ) e
        UNION ALL
        SELECT c.author_id
        FROM jsonb_to_recordset(${given}::jsonb) AS seen(id uuid)
        CROSS JOIN LATERAL (
          SELECT DISTINCT author_id FROM task_comments WHERE owner_id = ${owner} AND task_id = seen.id
        ) c
      ) p
      WHERE p.id IS NOT NULL`
  )
  return rows.map((row) => row.id)
}

/** Whoever sees a personal task because it is assigned to them does not see what was before that. */
const shownSince = (caller: Caller, owner: string): SQL => sql`CASE
  WHEN seen.whole THEN 1
  ELSE coalesce((
    SELECT max(a.version) FROM task_events a
    WHERE a.owner_id = ${owner} AND a.task_id = seen.id
      AND a.changes #>> '{assignee_id,new}' = ${caller.id}
  ), 1)
END`

import { sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { taskImports } from '../../db/tables/task-imports.ts'

const isUnfinished = sql`
  ${taskImports.finished_at} IS NULL AND ${taskImports.status} IN ('queued', 'running')`

/** Counts the queued and running imports of all owners. */
export const countUnfinished = (db: Db): Promise<number> => db.$count(taskImports, isUnfinished)

/**
 * Returns the seconds since the last run for the owner of unfinished imports who has waited longest; 0 when nobody
 * waits. An owner's imports take turns.
 */
export async function oldestWaitSeconds(db: Db): Promise<number> {
  const { created_at, last_run_at, owner_id } = taskImports
  const lastRun = sql`max(greatest(${created_at}, ${last_run_at}))`
  const owners = db
    .select({ seconds: sql<number>`extract(epoch FROM now() - ${lastRun})`.as('seconds') })
    .from(taskImports)
    .where(isUnfinished)
    .groupBy(owner_id)
    .as('owners')
  const [row] = await db
    .select({ seconds: sql<number>`coalesce(max(${owners.seconds}), 0)::float8` })
    .from(owners)
  return row?.seconds ?? 0
}

import { sql } from 'drizzle-orm'
import type { Db } from './client.ts'

/** Notes for every personal task that is assigned to somebody who has assigned it, where that is not noted yet. */
export async function fillAssigners(db: Db): Promise<void> {
  await db.execute(sql`
    WITH pairs AS MATERIALIZED (
      SELECT DISTINCT assignee_id, owner_id
      FROM tasks
      WHERE assignee_id IS NOT NULL AND project_id IS NULL AND assignee_id <> owner_id
    )
    INSERT INTO task_assigners (assignee_id, owner_id)
    SELECT p.assignee_id, p.owner_id
    FROM pairs p
    JOIN users a ON a.id = p.assignee_id
    JOIN users o ON o.id = p.owner_id
    FOR KEY SHARE OF a, o
    ON CONFLICT DO NOTHING`)
}

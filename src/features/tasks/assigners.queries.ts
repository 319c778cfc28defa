import { and, eq, isNull, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { prepared } from '../../db/prepared-statements.ts'
import { taskAssigners } from '../../db/tables/task-assigners.ts'
import { users } from '../../db/tables/users.ts'

/** More than anybody looks at together. */
const MAX_ASSIGNERS = 3000

/** Somebody who has given a personal task to somebody else. */
export interface Assignment {
  owner_id: string
  assignee_id: string
}

/** Prepares what returns who may have given personal tasks to a user: whose accounts are not deleted. */
export function prepareListAssigners(db: Db): (userId: string) => Promise<string[]> {
  const query = prepared(
    db
      .select({ owner_id: taskAssigners.owner_id })
      .from(taskAssigners)
      .innerJoin(users, and(eq(users.id, taskAssigners.owner_id), isNull(users.deleted_at)))
      .where(eq(taskAssigners.assignee_id, sql.placeholder('user_id')))
      .limit(MAX_ASSIGNERS),
    'list_assigners'
  )
  return async (user_id) => (await query.execute({ user_id })).map(({ owner_id }) => owner_id)
}

/** Notes who has given tasks to whom, where that is not noted yet. */
export async function addAssigners(tx: Db, assignments: Assignment[]): Promise<void> {
  const others = assignments.filter(({ owner_id, assignee_id }) => owner_id !== assignee_id)
  if (others.length === 0) {
    return
  }
  await tx.execute(sql`
    INSERT INTO task_assigners (assignee_id, owner_id)
    SELECT DISTINCT v.assignee_id, v.owner_id
    FROM jsonb_to_recordset(${JSON.stringify(others)}::jsonb) AS v(assignee_id uuid, owner_id uuid)
    WHERE NOT EXISTS (
      SELECT FROM task_assigners known
      WHERE known.assignee_id = v.assignee_id AND known.owner_id = v.owner_id
    )
    ORDER BY v.assignee_id, v.owner_id
    ON CONFLICT DO NOTHING`)
}

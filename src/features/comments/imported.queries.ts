import { inArray, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { taskComments } from '../../db/tables/task-comments.ts'
import { users } from '../../db/tables/users.ts'
import { areOn, type TaskKey } from './queries.ts'

/** A comment as it is stored, with when it was written elsewhere. */
export interface CommentRow {
  owner_id: string
  task_id: string
  id: string
  author_id: string
  body: string
  mentions: string[]
  created_at?: string | undefined
  edited_at?: string | undefined
}

/** Returns which of some ids are those of comments on some tasks. */
export async function listKnownComments(
  tx: Db,
  on: TaskKey[],
  ids: string[]
): Promise<Set<string>> {
  const found = await tx.select({ id: taskComments.id }).from(taskComments).where(areOn(on, ids))
  return new Set(found.map(({ id }) => id))
}

/** Returns which of some ids are those of accounts here. */
export async function listKnownUsers(tx: Db, ids: string[]): Promise<Set<string>> {
  const found = await tx.select({ id: users.id }).from(users).where(inArray(users.id, ids))
  return new Set(found.map(({ id }) => id))
}

/** Stores comments with the times at which they were written and edited, none of which is in the future. */
export async function insertComments(tx: Db, rows: CommentRow[]): Promise<void> {
  await tx.execute(sql`
    INSERT INTO task_comments
      (owner_id, task_id, id, author_id, body, mentions, created_at, edited_at)
    SELECT
      owner_id, task_id, id, author_id, body,
      ARRAY(SELECT jsonb_array_elements_text(mentions))::uuid[],
      least(created_at, now()),
      -- Of a value and none, least takes the value.
      CASE WHEN edited_at IS NOT NULL THEN least(edited_at, now()) END
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS v(
      owner_id uuid, task_id uuid, id uuid, author_id uuid, body text, mentions jsonb,
      created_at timestamptz, edited_at timestamptz
    )`)
}

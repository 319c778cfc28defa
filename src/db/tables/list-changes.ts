import { index, integer, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core'
import { feedPosition, now, textArray, timestamp } from '../columns.ts'

/**
 * What the feed of changes says of a list beside the history of the tasks in it: changes of comments, projects, members
 * and imports, and once more those changes of tasks that concern somebody outside of the task's list. Deleted when it
 * is older than the feed goes back.
 */
export const listChanges = pgTable(
  'list_changes',
  {
    // Whose list it is. Nothing refers to an account, so that none that is gone can stand in the way of a change.
    owner_id: uuid().notNull(),
    list_id: uuid().notNull(),
    position: feedPosition().notNull(),
    id: uuid().notNull(),
    type: text().notNull(),
    resource_type: text().notNull(),
    resource_id: uuid().notNull(),
    /** The task of a comment. */
    task_id: uuid(),
    version: integer(),
    project_id: uuid(),
    actor_id: uuid(),
    request_id: text(),
    changed_fields: textArray().notNull(),
    created_at: timestamp().notNull().default(now)
  },
  (t) => [
    primaryKey({ columns: [t.owner_id, t.list_id, t.position, t.id] }),
    index('list_changes_created').on(t.created_at)
  ]
)

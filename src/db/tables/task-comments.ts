import { foreignKey, integer, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core'
import { now, timestamp } from '../columns.ts'
import { tasks } from './tasks.ts'

/** What people say about a task: rows of its owner, deleted with it. `tasks.comment_count` says how many there are. */
export const taskComments = pgTable(
  'task_comments',
  {
    owner_id: uuid().notNull(),
    task_id: uuid().notNull(),
    id: uuid().notNull(),
    // Stays when the account of the author is deleted, like the text.
    author_id: uuid().notNull(),
    body: text().notNull(),
    mentions: uuid().array().notNull(),
    version: integer().notNull().default(1),
    created_at: timestamp().notNull().default(now),
    edited_at: timestamp()
  },
  (t) => [
    primaryKey({ columns: [t.owner_id, t.task_id, t.id] }),
    // Where a task goes to another owner, its comments are copied; in the previous release they followed by this.
    foreignKey({ columns: [t.owner_id, t.task_id], foreignColumns: [tasks.owner_id, tasks.id] })
      .onDelete('cascade')
      .onUpdate('cascade')
  ]
)

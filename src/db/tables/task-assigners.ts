import { index, pgTable, primaryKey, uuid } from 'drizzle-orm/pg-core'
import { users } from './users.ts'

/**
 * Who has given personal tasks to whom, now or at some time: where the tasks of a user may be beside their own lists.
 * An owner too many does no harm. Read where tasks are on several servers, of which not all shall be asked.
 */
export const taskAssigners = pgTable(
  'task_assigners',
  {
    assignee_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    owner_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' })
  },
  (t) => [
    primaryKey({ columns: [t.assignee_id, t.owner_id] }),
    index('task_assigners_owner').on(t.owner_id)
  ]
)

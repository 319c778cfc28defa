import { pgTable, primaryKey, uuid } from 'drizzle-orm/pg-core'
import { feedPosition, now, timestamp } from '../columns.ts'

/**
 * Whose access has changed in the last minutes: their sessions, role or projects. Every instance looks here for what it
 * must not serve from memory any longer.
 */
export const accessChanges = pgTable(
  'access_changes',
  {
    position: feedPosition().notNull(),
    user_id: uuid().notNull(),
    created_at: timestamp().notNull().default(now)
  },
  (t) => [primaryKey({ columns: [t.position, t.user_id] })]
)

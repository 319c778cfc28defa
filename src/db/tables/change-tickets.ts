import { index, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import { now, timestamp } from '../columns.ts'
import { users } from './users.ts'

/** Tickets with which a browser opens one stream of changes, by their hash. A ticket is deleted when it is used. */
export const changeTickets = pgTable(
  'change_tickets',
  {
    hash: text().primaryKey(),
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    /** Who drew it: the stream ends with that session. */
    session_id: uuid().notNull(),
    created_at: timestamp().notNull().default(now),
    expires_at: timestamp().notNull()
  },
  (t) => [
    index('change_tickets_user').on(t.user_id),
    index('change_tickets_expiry').on(t.expires_at)
  ]
)

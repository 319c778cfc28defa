import { index, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { now, timestamp } from '../columns.ts'

/**
 * Attempts to show a password, by account and client network; the network `*` sums up an account. The subject is a MAC:
 * of the account's id, or of an identifier that is nobody's, so that what people mistype is not kept.
 */
export const loginThrottle = pgTable(
  'login_throttle',
  {
    subject: text().notNull(),
    network: text().notNull(),
    failures: integer().notNull().default(0),
    /** Attempts whose password is being compared at this moment. */
    pending: integer().notNull().default(0),
    window_started_at: timestamp().notNull().default(now),
    attempted_at: timestamp().notNull().default(now),
    blocked_until: timestamp(),
    succeeded_at: timestamp()
  },
  (t) => [
    primaryKey({ columns: [t.subject, t.network] }),
    index('login_throttle_attempted').on(t.attempted_at)
  ]
)

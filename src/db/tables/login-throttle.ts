import { index, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { now, timestamp } from '../columns.ts'

/**
 * Password attempts by account and client network; the network `*` has the total of an account. The subject is an HMAC
 * of the account's id, or of an identifier without an account, so that mistyped identifiers are not stored.
 */
export const loginThrottle = pgTable(
  'login_throttle',
  {
    subject: text().notNull(),
    network: text().notNull(),
    failures: integer().notNull().default(0),
    /** Attempts whose password is being verified. */
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

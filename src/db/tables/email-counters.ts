import { integer, pgTable, text } from 'drizzle-orm/pg-core'
import { now, timestamp } from '../columns.ts'

/** Emails that were asked for within a window: one row for each client network, and `*` for the installation. */
export const emailCounters = pgTable('email_counters', {
  key: text().primaryKey(),
  count: integer().notNull(),
  window_started_at: timestamp().notNull().default(now)
})

import { sql } from 'drizzle-orm'
import { boolean, index, integer, pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { now, timestamp } from '../columns.ts'

/** Networks whose requests are rejected, in canonical form. A ban without `until` lasts until it is lifted. */
export const ipBans = pgTable(
  'ip_bans',
  {
    id: uuid().primaryKey(),
    network: text().notNull(),
    reason: text(),
    automatic: boolean().notNull(),
    created_by: uuid(),
    created_at: timestamp().notNull().default(now),
    until: timestamp()
  },
  (t) => [uniqueIndex('ip_bans_network').on(t.network), index('ip_bans_until').on(t.until)]
)

/** Recent violations of a network, and how often they led to a ban. */
export const ipViolations = pgTable(
  'ip_violations',
  {
    network: text().primaryKey(),
    occurred_at: timestamp().array().notNull().default(sql`'{}'`),
    bans: integer().notNull().default(0),
    banned_at: timestamp(),
    last_at: timestamp().notNull().default(now)
  },
  (t) => [index('ip_violations_last').on(t.last_at)]
)

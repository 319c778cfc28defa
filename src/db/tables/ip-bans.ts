import { sql } from 'drizzle-orm'
import { boolean, index, integer, pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { instant, now } from '../columns.ts'

/** Networks whose requests are refused, in their canonical spelling. Without an end until lifted. */
export const ipBans = pgTable(
  'ip_bans',
  {
    id: uuid().primaryKey(),
    network: text().notNull(),
    reason: text(),
    automatic: boolean().notNull(),
    created_by: uuid(),
    created_at: instant().notNull().default(now),
    until: instant()
  },
  (t) => [uniqueIndex('ip_bans_network').on(t.network), index('ip_bans_until').on(t.until)]
)

/** What went wrong from a network of late, and how often that led to a ban. */
export const ipOffences = pgTable(
  'ip_offences',
  {
    network: text().primaryKey(),
    times: instant().array().notNull().default(sql`'{}'`),
    bans: integer().notNull().default(0),
    banned_at: instant(),
    last_at: instant().notNull().default(now)
  },
  (t) => [index('ip_offences_last').on(t.last_at)]
)

import { bigint, boolean, pgTable, text } from 'drizzle-orm/pg-core'

/**
 * One row: what is added to the number of a transaction to get the position of its changes, and the server on which
 * that is right. A dump that is restored elsewhere finds other numbers there.
 */
export const changeClock = pgTable('change_clock', {
  is_only: boolean().primaryKey().default(true),
  position_offset: bigint({ mode: 'bigint' }).notNull(),
  system_identifier: text().notNull()
})

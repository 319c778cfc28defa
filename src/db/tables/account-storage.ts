import { sql } from 'drizzle-orm'
import { bigint, boolean, index, integer, jsonb, pgTable, uuid } from 'drizzle-orm/pg-core'
import { timestamp } from '../columns.ts'
import { users } from './users.ts'

/** How far the measurement of an account is: it goes through its tables one by one, each in the order of keys. */
export interface MeasureProgress {
  table: number
  /** The key of the last row that was measured; absent at the beginning of a table. */
  after?: string[]
  bytes: number
  /** How long its statements took so far. */
  ms: number
}

/** How much accounts store, as it was last measured: a row for each that was written to since there is a quota. */
export const accountStorage = pgTable(
  'account_storage',
  {
    owner_id: uuid()
      .primaryKey()
      .references(() => users.id, { onDelete: 'cascade' }),
    // Null before the first measurement is complete.
    bytes: bigint({ mode: 'number' }),
    measured_at: timestamp(),
    // How long the statements of the last measurement took.
    took_ms: integer().notNull().default(0),
    // When to measure again, or to go on where a process died meanwhile; null when nothing was written.
    due_at: timestamp(),
    // Written to since the last measurement began.
    is_written: boolean().notNull().default(false),
    progress: jsonb().$type<MeasureProgress>()
  },
  (t) => [
    index('account_storage_due').on(t.due_at).where(sql`${t.due_at} is not null`),
    index('account_storage_bytes').on(t.bytes)
  ]
)

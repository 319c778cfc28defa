import { type SQL, type SQLWrapper, sql } from 'drizzle-orm'
import { bigint, customType } from 'drizzle-orm/pg-core'
import { timestampFromDatabase } from '../lib/timestamp.ts'

/**
 * Defines a timestamptz(3) column, which in code and on the wire is the same RFC 3339 text. Three fraction digits are
 * stored, compared and sent, so a cursor built from a row is exact. (A JavaScript Date would read the year 0001 as
 * 2001.)
 */
export const timestamp = customType<{ data: string; driverData: string }>({
  dataType: () => 'timestamp(3) with time zone',
  fromDriver: timestampFromDatabase
})

/** The same text of a timestamp in a statement of its own. */
export const timestampText = (moment: SQLWrapper): SQL<string> =>
  sql<string>`to_char(${moment} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

/** The database's clock: the clocks of application servers may differ. */
export const now = sql`now()`

/** Where a row is in the feed of changes: the number of the transaction that wrote it, made to grow for ever. */
export const feedPosition = () => bigint({ mode: 'bigint' }).default(sql`next_change_position()`)

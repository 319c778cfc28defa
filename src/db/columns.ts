import { sql } from 'drizzle-orm'
import { customType } from 'drizzle-orm/pg-core'
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

/** The database's clock: the clocks of application servers may differ. */
export const now = sql`now()`

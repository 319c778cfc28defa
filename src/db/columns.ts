import { sql } from 'drizzle-orm'
import { customType } from 'drizzle-orm/pg-core'
import { timestampFromDatabase } from '../lib/timestamp.ts'

/**
 * timestamptz(3), in code and on the wire the same RFC 3339 text: three digits are stored, compared and sent, so a
 * cursor built from a row is exact. (A JavaScript Date would read the year 0001 as 2001.)
 */
export const timestamp = customType<{ data: string; driverData: string }>({
  dataType: () => 'timestamp(3) with time zone',
  fromDriver: timestampFromDatabase
})

/** The database's clock; application clocks decide nothing. */
export const now = sql`now()`

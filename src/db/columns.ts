import { type SQL, type SQLWrapper, sql } from 'drizzle-orm'
import { bigint, customType, makePgArray } from 'drizzle-orm/pg-core'
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

/** An element of an array as PostgreSQL writes it: bare, or quoted, with a backslash before quotes and backslashes. */
const ELEMENT = /"((?:[^"\\]|\\.)*)"|[^{},]+/gs

/** Defines a column of texts. That of Drizzle 0.45.4 loses their backslashes when it reads them. */
export const textArray = customType<{ data: string[]; driverData: string | string[] }>({
  dataType: () => 'text[]',
  toDriver: makePgArray,
  fromDriver: (value) => (typeof value === 'string' ? elementsOf(value) : value)
})

const elementsOf = (array: string): string[] =>
  Array.from(array.matchAll(ELEMENT), ([bare, quoted]) => quoted?.replace(/\\(.)/gs, '$1') ?? bare)

/** The same text of a timestamp in a statement of its own. */
export const timestampText = (moment: SQLWrapper): SQL<string> =>
  sql<string>`to_char(${moment} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

/** The database's clock: the clocks of application servers may differ. */
export const now = sql`now()`

/** Where a row is in the feed of changes: the number of the transaction that wrote it, made to grow for ever. */
export const feedPosition = () => bigint({ mode: 'bigint' }).default(sql`next_change_position()`)

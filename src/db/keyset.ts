import { desc, type SQL, sql } from 'drizzle-orm'
import type { AnyPgColumn } from 'drizzle-orm/pg-core'

/** The position of a row in a list that is sorted by creation time, newest first. */
export interface KeysetPosition {
  created_at: string
  id: string
}
interface Dated {
  created_at: AnyPgColumn
  id: AnyPgColumn
}

/** Selects what follows a position in such a list; everything without one. */
export const afterCursor = (table: Dated, position: KeysetPosition | undefined): SQL | undefined =>
  position &&
  sql`(${table.created_at}, ${table.id}) < (${position.created_at}::timestamptz, ${position.id}::uuid)`

/** Sorts by creation time, newest first, and rows with the same time by id. */
export const newestFirst = (table: Dated): SQL[] => [desc(table.created_at), desc(table.id)]

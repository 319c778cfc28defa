import { desc, type SQL, sql } from 'drizzle-orm'
import type { AnyPgColumn } from 'drizzle-orm/pg-core'

/** A place in a list that shows the newest first. */
export interface KeysetPosition {
  created_at: string
  id: string
}
interface Dated {
  created_at: AnyPgColumn
  id: AnyPgColumn
}

/** What comes after a place in such a list; everything, without one. */
export const afterCursor = (table: Dated, place: KeysetPosition | undefined): SQL | undefined =>
  place &&
  sql`(${table.created_at}, ${table.id}) < (${place.created_at}::timestamptz, ${place.id}::uuid)`

/** Its order: of what was made at the same moment, the greater id comes first. */
export const newestFirst = (table: Dated): SQL[] => [desc(table.created_at), desc(table.id)]

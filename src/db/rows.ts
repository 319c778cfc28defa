import { type SQL, sql } from 'drizzle-orm'
import type { Db } from './client.ts'

/** Runs a raw statement and returns its rows, whichever driver it is. Timestamps are PostgreSQL's text. */
export async function executeRows<T extends Record<string, unknown>>(
  db: Db,
  statement: SQL
): Promise<T[]> {
  const result: unknown = await db.execute(statement)
  return Array.isArray(result) ? result : (result as { rows: T[] }).rows
}

/** Returns an array of ids as one parameter, so that a statement has the same text however many there are. */
export const uuids = (ids: Iterable<string>): SQL => sql`${`{${[...ids].join()}}`}::uuid[]`

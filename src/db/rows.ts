import type { SQL } from 'drizzle-orm'
import type { Db } from './client.ts'

/** Runs a raw statement and returns its rows, whichever driver it is. Timestamps are PostgreSQL's text. */
export async function executeRows<T extends Record<string, unknown>>(
  db: Db,
  statement: SQL
): Promise<T[]> {
  const result: unknown = await db.execute(statement)
  return Array.isArray(result) ? result : (result as { rows: T[] }).rows
}

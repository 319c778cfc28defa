import type { SQL } from 'drizzle-orm'
import type { Db } from './client.ts'

/** The rows of a raw statement; the drivers differ in what `execute` returns. Instants come back as PostgreSQL's text. */
export async function executeRows<T extends Record<string, unknown>>(
  db: Db,
  statement: SQL
): Promise<T[]> {
  const result = (await db.execute(statement)) as unknown
  return (Array.isArray(result) ? result : (result as { rows: T[] }).rows) as T[]
}

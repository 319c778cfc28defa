import { type SQL, sql } from 'drizzle-orm'
import type { Db } from './client.ts'
import { executeRows } from './rows.ts'

/** Rows of an owner that one statement deletes. */
export const OWNED_CHUNK = 1000

export interface OwnedTable {
  table: SQL
  /** The column that names the owner. */
  owner: SQL
  /** The columns that tell the rows of one owner apart. */
  key: SQL
  /** Which of the owner's rows are meant; all of them when it is absent. */
  only?: SQL
}

/** Deletes a chunk of what an owner has in a table; returns true when there may be more. */
export async function deleteOwned(
  tx: Db,
  { table, owner, key, only = sql`true` }: OwnedTable,
  ownerId: string,
  limit: number = OWNED_CHUNK
): Promise<boolean> {
  const isOwned = sql`${owner} = ${ownerId} AND ${only}`
  const deleted = await executeRows(
    tx,
    sql`
      DELETE FROM ${table}
      WHERE ${isOwned} AND (${key}) IN (SELECT ${key} FROM ${table} WHERE ${isOwned} LIMIT ${limit})
      RETURNING 1 AS one`
  )
  return deleted.length === limit
}

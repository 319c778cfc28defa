import { getTableColumns, getTableName, type SQL, sql } from 'drizzle-orm'
import type { PgTable } from 'drizzle-orm/pg-core'
import type { Db } from './client.ts'
import { executeRows } from './rows.ts'

/** Rows of one owner that go to another. */
export interface Given {
  table: PgTable
  where: SQL
}

/**
 * Copies rows of an owner to another one, with other values where `set` has some; the caller deletes the old rows. The
 * owner of a row is never changed: it says on which server the row is.
 */
export async function copyToOwner(
  tx: Db,
  { table, where }: Given,
  from: string,
  to: string,
  set: Record<string, SQL> = {}
): Promise<void> {
  const name = sql.identifier(getTableName(table))
  const columns = Object.entries(getTableColumns(table)).filter(([, { generated }]) => !generated)
  const values: Record<string, SQL> = { ...set, owner_id: sql`${to}::uuid` }
  const list = sql.join(
    columns.map(([column]) => sql.identifier(column)),
    sql`, `
  )
  const selected = sql.join(
    columns.map(([column]) => values[column] ?? sql.identifier(column)),
    sql`, `
  )
  await tx.execute(sql`
    INSERT INTO ${name} (${list})
    SELECT ${selected} FROM ${name} WHERE owner_id = ${from} AND ${where}`)
}

/** Gives rows of an owner, which nothing refers to, to another one; returns how many that were. */
export async function giveOwned(tx: Db, given: Given, from: string, to: string): Promise<number> {
  await copyToOwner(tx, given, from, to)
  const name = sql.identifier(getTableName(given.table))
  const deleted = await executeRows(
    tx,
    sql`DELETE FROM ${name} WHERE owner_id = ${from} AND ${given.where} RETURNING 1 AS one`
  )
  return deleted.length
}

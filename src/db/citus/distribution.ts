import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { executeRows } from '../rows.ts'
import { DISTRIBUTED } from '../tables/places.ts'

const known = new WeakMap<Db, Promise<boolean>>()

/**
 * Tells whether tasks are distributed over several servers. Asked once for each open database: who distributes it
 * starts the instances anew.
 */
export function isDistributed(db: Db): Promise<boolean> {
  const answer = known.get(db) ?? readIsDistributed(db)
  known.set(db, answer)
  answer.catch(() => known.delete(db))
  return answer
}

/** Lets a transaction know what is known of its database. */
export function inheritDistribution(db: Db, tx: Db): void {
  const answer = known.get(db)
  if (answer) {
    known.set(tx, answer)
  }
}

const readIsDistributed = async (db: Db): Promise<boolean> =>
  (await listDistributedTables(db)).includes('tasks')

/** Returns which tables are distributed; none in a database without Citus. */
export async function listDistributedTables(db: Db): Promise<string[]> {
  if (!(await hasCitus(db))) {
    return []
  }
  const rows = await executeRows<{ name: string }>(
    db,
    sql`
      SELECT c.relname AS name
      FROM pg_dist_partition p
      JOIN pg_class c ON c.oid = p.logicalrelid
      WHERE p.partmethod = 'h'
      ORDER BY 1`
  )
  return rows.map(({ name }) => name)
}

/** Returns the owned tables that are not distributed in a database where others are. */
export async function listUndistributedTables(db: Db): Promise<string[]> {
  const distributed = await listDistributedTables(db)
  return distributed.length === 0
    ? []
    : Object.keys(DISTRIBUTED).filter((table) => !distributed.includes(table))
}

/** Returns true when the extension is in the database. */
export async function hasCitus(db: Db): Promise<boolean> {
  const [row] = await executeRows<{ exists: boolean }>(
    db,
    sql`SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') AS exists`
  )
  return row?.exists === true
}

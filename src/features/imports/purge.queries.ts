import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { deleteOwned } from '../../db/delete-owned.ts'
import { executeRows } from '../../db/rows.ts'

const RETENTION_DAYS = 30
/** Twice as long as an upload may take. */
const UPLOADING_HOURS = 2

/** One kind of import that has rows to delete in another table, and what follows when none are left. */
interface Purge {
  isDue: SQL
  table: SQL
  /** Identifies a row of the table within its import. */
  key: SQL
  chunk: number
  finish: (isImport: SQL) => SQL
}

const deleteImport = (isImport: SQL) => sql`DELETE FROM task_imports WHERE ${isImport}`
const blocks = { table: sql`task_import_blocks`, key: sql`block_no`, chunk: 20 }
const errors = { table: sql`task_import_errors`, key: sql`"row", "column"`, chunk: 2000 }

const PURGES: Purge[] = [
  // Blocks of imports that ended early.
  {
    ...blocks,
    isDue: sql`finished_at IS NOT NULL AND has_blocks`,
    finish: (isImport) => sql`UPDATE task_imports SET has_blocks = false WHERE ${isImport}`
  },
  // Files that never arrived.
  {
    ...blocks,
    isDue: sql`
      status = 'uploading'
      AND finished_at IS NULL
      AND created_at < now() - make_interval(hours => ${UPLOADING_HOURS})`,
    finish: deleteImport
  },
  // Old imports.
  {
    ...errors,
    isDue: sql`
      finished_at < now() - make_interval(days => ${RETENTION_DAYS}) AND NOT has_blocks`,
    finish: deleteImport
  }
]

/** The tables of an owner, those that refer to others first, each with the rows that one statement deletes. */
const OWNED = [
  { ...errors, key: sql`import_id, "row", "column"`, owner: sql`owner_id` },
  { ...blocks, key: sql`import_id, block_no`, owner: sql`owner_id` },
  { table: sql`task_imports`, key: sql`id`, owner: sql`owner_id`, chunk: 1000 }
]

/** Deletes a chunk of the imports of a deleted account; returns true when there may be more. */
export async function purgeImportsOf(tx: Db, userId: string): Promise<boolean> {
  for (const table of OWNED) {
    if (await deleteOwned(tx, table, userId, table.chunk)) {
      return true
    }
  }
  return false
}

/** Deletes what is not needed any more, a chunk of each kind. Call again while there is more. */
export async function purgeImports(db: Db): Promise<{ done: number; more: boolean }> {
  let done = 0
  for (const purge of PURGES) {
    done += await purgeOne(db, purge)
  }
  return { done, more: done > 0 }
}

/** Deletes a chunk of the rows of one import that is due, and finishes when none are left. */
async function purgeOne(db: Db, { isDue, table, key, chunk, finish }: Purge): Promise<number> {
  const [due] = await executeRows<{ owner_id: string; id: string }>(
    db,
    sql`SELECT owner_id, id FROM task_imports WHERE ${isDue} ORDER BY finished_at LIMIT 1`
  )
  if (!due) {
    return 0
  }
  const isOfImport = sql`owner_id = ${due.owner_id} AND import_id = ${due.id}`
  const deleted = await executeRows(
    db,
    sql`
      DELETE FROM ${table}
      WHERE ${isOfImport}
        AND (${key}) IN (SELECT ${key} FROM ${table} WHERE ${isOfImport} LIMIT ${chunk})
      RETURNING 1 AS one`
  )
  if (deleted.length < chunk) {
    await db.execute(finish(sql`owner_id = ${due.owner_id} AND id = ${due.id}`))
  }
  return deleted.length + 1
}

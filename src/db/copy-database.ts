import { sql } from 'drizzle-orm'
import type { Db } from './client.ts'
import { executeRows } from './rows.ts'

/** The number of rows of a table, and a checksum over every value in them, whatever their order. */
export interface TableChecksum extends Record<string, unknown> {
  table: string
  rows: number
  checksum: string
}

const SNAPSHOT = 'ISOLATION LEVEL REPEATABLE READ READ ONLY'

interface Table extends Record<string, unknown> {
  name: string
  columns: string
  /** Names of the tables that its foreign keys refer to, separated by blanks. */
  referenced: string
}

/** Rows per batch: one row may have a hundred kilobytes. */
const BATCH_ROWS = 200

/** Computes the checksums of all tables in one snapshot. */
export const tableChecksums = (db: Db): Promise<TableChecksum[]> =>
  inTransaction(db, SNAPSHOT, async (tx) => readChecksums(tx, await listTables(tx)))

/**
 * Copies every row of `from` into the empty tables of `to`, which have the same columns. One transaction, rolled back
 * unless the checksums are equal afterwards. Nobody may write to `from` meanwhile; writers to `to` wait.
 */
export async function copyDatabase(from: Db, to: Db): Promise<TableChecksum[]> {
  return inTransaction(to, 'READ WRITE', async (target) => {
    const tables = await listTables(target)
    const names = tables.map(({ name }) => name).join(', ')
    await target.execute(sql.raw(`LOCK TABLE ${names} IN SHARE ROW EXCLUSIVE MODE`))
    // That of the source takes its place: it says from where positions go on.
    await target.execute(sql`DELETE FROM change_clock`)
    assertEmpty(await readChecksums(target, tables))
    return inTransaction(from, SNAPSHOT, async (source) => {
      for (const table of tables) {
        await copyTable(source, target, table)
      }
      const copied = await readChecksums(target, tables)
      assertSame(await readChecksums(source, tables), copied)
      return copied
    })
  })
}

function assertEmpty(checksums: TableChecksum[]): void {
  for (const { table, rows } of checksums) {
    if (rows > 0) {
      throw new TableNotEmptyError(
        `The table ${table} already has ${rows} row${rows === 1 ? '' : 's'}.`
      )
    }
  }
}

function assertSame(source: TableChecksum[], copied: TableChecksum[]): void {
  for (const [i, { table, rows, checksum }] of source.entries()) {
    const copy = copied[i]
    if (copy?.checksum !== checksum) {
      throw new Error(
        `The copy of ${table} differs: ${rows} rows with checksum ${checksum} ` +
          `became ${copy?.rows} with ${copy?.checksum}`
      )
    }
  }
}

/** A table that must be empty has rows. */
export class TableNotEmptyError extends Error {
  override name = 'TableNotEmptyError'
}

/** Runs a transaction without timeouts, in which values have the same text form in every database. */
function inTransaction<T>(db: Db, mode: string, work: (tx: Db) => Promise<T>): Promise<T> {
  return db.transaction(async (tx) => {
    await tx.execute(sql.raw(`SET TRANSACTION ${mode}`))
    for (const setting of [
      'statement_timeout = 0',
      'idle_in_transaction_session_timeout = 0',
      "datestyle = 'ISO'",
      "timezone = 'UTC'"
    ]) {
      await tx.execute(sql.raw(`SET LOCAL ${setting}`))
    }
    return work(tx)
  })
}

const TABLES = sql`
  SELECT quote_ident(c.relname) AS name,
    (
      SELECT string_agg(quote_ident(attname), ', ' ORDER BY attname)
      FROM pg_attribute
      WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
    ) AS columns,
    (
      SELECT coalesce(string_agg(confrelid::regclass::text, ' '), '')
      FROM pg_constraint
      WHERE conrelid = c.oid AND contype = 'f' AND confrelid <> c.oid
    ) AS referenced
  FROM pg_class c
  WHERE relnamespace = 'public'::regnamespace
    AND relkind IN ('r', 'p')
    AND relname <> 'schema_migrations'
  ORDER BY relname`

/** Lists every table but the list of migrations with its columns that are not generated, referenced tables first. */
async function listTables(tx: Db): Promise<Table[]> {
  const left = await executeRows<Table>(tx, TABLES)
  const ordered: Table[] = []
  while (left.length > 0) {
    const next = left.findIndex(({ referenced }) =>
      referenced
        .split(' ')
        .every((name) => name === '' || ordered.some((table) => table.name === name))
    )
    if (next < 0) {
      throw new Error(`The tables ${left.map(({ name }) => name).join(', ')} refer to each other`)
    }
    ordered.push(...left.splice(next, 1))
  }
  return ordered
}

/** Sums 60 bits of each row's digest, so that the order of the rows does not matter. */
const checksumQuery = ({ name, columns }: Table) =>
  sql.raw(`
    SELECT '${name}' AS table,
      count(*)::int AS rows,
      coalesce(sum(('x' || left(md5(row(${columns})::text), 15))::bit(60)::bigint), 0)::text AS checksum
    FROM ${name}`)

async function readChecksums(tx: Db, tables: Table[]): Promise<TableChecksum[]> {
  const checksums: TableChecksum[] = []
  for (const table of tables) {
    checksums.push(...(await executeRows<TableChecksum>(tx, checksumQuery(table))))
  }
  return checksums
}

async function copyTable(source: Db, target: Db, { name, columns }: Table): Promise<void> {
  await source.execute(
    sql.raw(
      `DECLARE copied CURSOR FOR SELECT row_to_json(t)::text AS row FROM (SELECT ${columns} FROM ${name}) t`
    )
  )
  for (;;) {
    const rows = await executeRows<{ row: string }>(
      source,
      sql.raw(`FETCH ${BATCH_ROWS} FROM copied`)
    )
    if (rows.length === 0) {
      break
    }
    const [into, list] = [sql.raw(name), sql.raw(columns)]
    const batch = `[${rows.map(({ row }) => row).join()}]`
    await target.execute(sql`
      INSERT INTO ${into} (${list})
      SELECT ${list} FROM json_populate_recordset(NULL::${into}, ${batch}::text::json)
      -- A trigger may have written the row already: the checksums say whether it is the same.
      ON CONFLICT DO NOTHING`)
  }
  await source.execute(sql`CLOSE copied`)
}

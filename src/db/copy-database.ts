import { sql } from 'drizzle-orm'
import type { Db } from './client.ts'
import { executeRows } from './rows.ts'

/** What a table holds: its rows, and a checksum that depends on every value in them and on nothing else. */
export interface TableChecksum extends Record<string, unknown> {
  table: string
  rows: number
  checksum: string
}

interface Table extends Record<string, unknown> {
  name: string
  columns: string
  needs: string
}

/** As many rows as are on their way at a time; a block of an import may weigh a hundred kilobytes. */
const AT_ONCE = 200

/** Reads the whole database in one transaction, so that what it says belongs to one moment. */
export const tableChecksums = (db: Db): Promise<TableChecksum[]> =>
  inSnapshot(db, 'isolation level repeatable read read only', async (tx) =>
    readContents(tx, await tablesOf(tx))
  )

/**
 * Copies every row of `from` into the empty tables of `to`, which have the same columns, in one transaction that is
 * given up unless both hold the same afterwards. Nobody may write to `from` meanwhile; whoever writes to `to` waits.
 */
export async function copyDatabase(from: Db, to: Db): Promise<TableChecksum[]> {
  return inSnapshot(to, 'read write', async (target) => {
    const tables = await tablesOf(target)
    await target.execute(
      sql.raw(`lock table ${tables.map(({ name }) => name).join(', ')} in share row exclusive mode`)
    )
    for (const { table, rows } of await readContents(target, tables)) {
      if (rows > 0) {
        throw new TableNotEmptyError(
          `The table ${table} holds ${rows} row${rows === 1 ? '' : 's'} already.`
        )
      }
    }
    return inSnapshot(from, 'isolation level repeatable read read only', async (source) => {
      for (const table of tables) {
        await copyTable(source, target, table)
      }
      const [before, after] = [
        await readContents(source, tables),
        await readContents(target, tables)
      ]
      for (const [i, { table, rows, checksum }] of before.entries()) {
        const copy = after[i] as TableChecksum
        if (copy.checksum !== checksum) {
          throw new Error(
            `${table} would not be the same: ${rows} rows with checksum ${checksum} became ${copy.rows} with ${copy.checksum}`
          )
        }
      }
      return after
    })
  })
}

/** There is something where nothing may be. */
export class TableNotEmptyError extends Error {
  override name = 'TableNotEmptyError'
}

/** A transaction that may take long, with values spelled alike everywhere. */
function inSnapshot<T>(db: Db, mode: string, work: (tx: Db) => Promise<T>): Promise<T> {
  return db.transaction(async (tx) => {
    await tx.execute(sql.raw(`set transaction ${mode}`))
    for (const setting of [
      'statement_timeout = 0',
      'idle_in_transaction_session_timeout = 0',
      "datestyle = 'ISO'",
      "timezone = 'UTC'"
    ]) {
      await tx.execute(sql.raw(`set local ${setting}`))
    }
    return work(tx as unknown as Db)
  })
}

/** Every table but the list of migrations, with the columns that are given and not generated; what a table refers to comes before it. */
async function tablesOf(tx: Db): Promise<Table[]> {
  const left = await executeRows<Table>(
    tx,
    sql`
    select quote_ident(c.relname) as name,
      (select string_agg(quote_ident(attname), ', ' order by attname) from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped and attgenerated = '') as columns,
      (select coalesce(string_agg(confrelid::regclass::text, ' '), '') from pg_constraint where conrelid = c.oid and contype = 'f' and confrelid <> c.oid) as needs
    from pg_class c where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and relname <> 'schema_migrations' order by relname`
  )
  const ordered: Table[] = []
  while (left.length > 0) {
    const next = left.findIndex(({ needs }) =>
      needs.split(' ').every((name) => name === '' || ordered.some((table) => table.name === name))
    )
    if (next < 0) {
      throw new Error(`the tables ${left.map(({ name }) => name).join(', ')} refer to each other`)
    }
    ordered.push(...left.splice(next, 1))
  }
  return ordered
}

async function readContents(tx: Db, tables: Table[]): Promise<TableChecksum[]> {
  const contents: TableChecksum[] = []
  // The sum of 60 bits of each row's digest: whatever the order of the rows.
  for (const { name, columns } of tables) {
    contents.push(
      ...(await executeRows<TableChecksum>(
        tx,
        sql.raw(`select '${name}' as table, count(*)::int as rows,
      coalesce(sum(('x' || left(md5(row(${columns})::text), 15))::bit(60)::bigint), 0)::text as checksum from ${name}`)
      ))
    )
  }
  return contents
}

async function copyTable(source: Db, target: Db, { name, columns }: Table): Promise<void> {
  await source.execute(
    sql.raw(
      `declare copied cursor for select row_to_json(t)::text as row from (select ${columns} from ${name}) t`
    )
  )
  for (;;) {
    const rows = await executeRows<{ row: string }>(source, sql.raw(`fetch ${AT_ONCE} from copied`))
    if (rows.length === 0) {
      break
    }
    await target.execute(
      sql`insert into ${sql.raw(`${name} (${columns}) select ${columns} from json_populate_recordset(null::${name}`)}, ${`[${rows.map(({ row }) => row).join()}]`}::text::json)`
    )
  }
  await source.execute(sql`close copied`)
}

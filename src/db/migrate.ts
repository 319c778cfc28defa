import { fileURLToPath } from 'node:url'
import { sql } from 'drizzle-orm'
import { readMigrationFiles } from 'drizzle-orm/migrator'
import type { Db } from './client.ts'
import { rowsOf } from './rows.ts'

/** The database was migrated by a newer Tasklane than this one. */
export class UnknownSchema extends Error {
  override name = 'UnknownSchema'
}

const FOLDER = fileURLToPath(new URL('../../drizzle', import.meta.url))
/** Any number will do, as long as every instance uses the same: 'tasklane' in hexadecimal digits of its first letters. */
const MIGRATION_LOCK = 0x7461736b
const LOCK_TRIES = 30

/**
 * Applies what is missing from `drizzle/`, each migration in a transaction of its own under one lock, so that several
 * instances may start at once. A table that is in use is waited for in short tries, never by blocking its readers.
 */
export async function migrate (db: Db): Promise<number> {
  const migrations = readMigrationFiles({ migrationsFolder: FOLDER })
  await db.execute(sql`create table if not exists schema_migrations (hash text primary key, applied_at timestamptz not null default now())`).catch(ignoreRace)
  await refuseUnknown(db, migrations.map((m) => m.hash))
  let applied = 0
  for (const migration of migrations) {
    if (await applyOne(db, migration)) applied++
  }
  return applied
}

/** True when every migration this version knows has been applied. */
export async function isMigrated (db: Db): Promise<boolean> {
  const done = await appliedHashes(db)
  return readMigrationFiles({ migrationsFolder: FOLDER }).every((m) => done.has(m.hash))
}

async function applyOne (db: Db, { hash, sql: statements }: { hash: string, sql: string[] }): Promise<boolean> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await db.transaction(async (tx) => {
        await tx.execute(sql`select pg_advisory_xact_lock(${MIGRATION_LOCK})`)
        if ((await appliedHashes(tx as unknown as Db)).has(hash)) return false
        await tx.execute(sql`set local lock_timeout = '2s'`)
        for (const statement of statements) await tx.execute(sql.raw(statement))
        await tx.execute(sql`insert into schema_migrations (hash) values (${hash})`)
        return true
      })
    } catch (error) {
      const { code } = ((error as Error).cause ?? error) as { code?: string }
      if (code !== '55P03' || attempt >= LOCK_TRIES) throw error
    }
  }
}

async function refuseUnknown (db: Db, known: string[]): Promise<void> {
  const unknown = (await appliedHashes(db)).difference(new Set(known))
  if (unknown.size > 0) throw new UnknownSchema('The database was migrated by a newer version of Tasklane. Start that version, or restore a backup.')
}

async function appliedHashes (db: Db): Promise<Set<string>> {
  const rows = await rowsOf<{ hash: string }>(db, sql`select hash from schema_migrations`)
  return new Set(rows.map((row) => row.hash))
}

/** `create table if not exists` is not atomic: of two first starts one may be told that the type exists already. */
function ignoreRace (error: unknown): void {
  const { code } = ((error as Error).cause ?? error) as { code?: string }
  if (code !== '23505' && code !== '42P07') throw error
}

import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { sql } from 'drizzle-orm'
import { readMigrationFiles } from 'drizzle-orm/migrator'
import { settleChangeClock } from './change-clock.ts'
import type { Db } from './client.ts'
import { executeRows } from './rows.ts'

/** The database was migrated by a newer Tasklane, in a way that this version cannot work with. */
export class SchemaAheadError extends Error {
  override name = 'SchemaAheadError'
}

/** Another session holds a lock that a migration needs. */
export class MigrationLockTimeout extends Error {
  override name = 'MigrationLockTimeout'
}

const FOLDER = fileURLToPath(new URL('../../drizzle', import.meta.url))
/** Any number that all instances share: the ASCII codes of 'task'. */
const MIGRATION_LOCK = 0x7461736b
/**
 * Statements on a table queue behind a migration that waits for it: less time than a request waits for a
 * connection.
 */
const LOCK_TIMEOUT = '500ms'
/** Time between attempts, in which other statements can use the table. */
const PAUSE_MS = 1500
/** Total time to wait for a lock: a deployment that is blocked should say why within about a minute. */
const LOCK_WAIT_MS = 60_000
/** Enough to build an index on a hundred million rows. */
const STATEMENT_TIMEOUT_MS = 30 * 60_000

export interface Migrated {
  applied: number
  /** Number of migrations that only a newer version knows. They only add (`-- expand`). */
  ahead: number
}
export interface MigrateOptions {
  folder?: string
  lockWaitMs?: number
}

/**
 * Applies the missing migrations of `drizzle/`, each in its own transaction and by one instance at a time, so that
 * several instances may start at once and one that is killed leaves nothing half done. Waits for a locked table in
 * short attempts, so that other statements are not blocked behind it, and finally throws MigrationLockTimeout.
 * Accepts a migration of a newer version if its first line says that it only adds (`-- expand`), so that the
 * previous release can run beside the new one and be rolled back to; throws SchemaAheadError for any other. Finally
 * lets the feed of changes go on where the data came from another server.
 */
export async function migrate(
  db: Db,
  { folder = FOLDER, lockWaitMs = LOCK_WAIT_MS }: MigrateOptions = {}
): Promise<Migrated> {
  const migrations = readMigrationFiles({ migrationsFolder: folder })
  await createMigrationsTable(db)
  const ahead = await countAhead(
    db,
    migrations.map((m) => m.hash)
  )
  let applied = 0
  for (const migration of migrations) {
    if (await applyMigration(db, migration, lockWaitMs)) {
      applied++
    }
  }
  if (folder === FOLDER) {
    await settleChangeClock(db)
  }
  return { applied, ahead }
}

/** Creates the list of migrations unless it is there: a role that may only read it finds that nothing is missing. */
async function createMigrationsTable(db: Db): Promise<void> {
  const [found] = await executeRows<{ name: string | null }>(
    db,
    sql`SELECT to_regclass('schema_migrations')::text AS name`
  )
  if (found?.name != null) {
    return
  }
  await db
    .execute(
      sql`
        CREATE TABLE IF NOT EXISTS schema_migrations (
          hash text PRIMARY KEY,
          applied_at timestamptz NOT NULL DEFAULT now()
        )`
    )
    .catch(ignoreRace)
}

/** Returns true when every migration of this version has been applied. */
export async function isMigrated(db: Db): Promise<boolean> {
  const [table] = await executeRows<{ name: string | null }>(
    db,
    sql`SELECT to_regclass('schema_migrations')::text AS name`
  )
  if (table?.name == null) {
    return false
  }
  const done = await appliedHashes(db)
  return readMigrationFiles({ migrationsFolder: FOLDER }).every((m) => done.has(m.hash))
}

interface Migration {
  hash: string
  sql: string[]
}

/** Applies a migration, waiting for locks; returns false when it had been applied. */
async function applyMigration(db: Db, migration: Migration, lockWaitMs: number): Promise<boolean> {
  const startedAt = Date.now()
  for (;;) {
    const outcome = await tryMigration(db, migration)
    if (outcome === 'applied' || outcome === 'already applied') {
      return outcome === 'applied'
    }
    const waitedMs = Date.now() - startedAt
    if (outcome === 'table locked' && waitedMs > lockWaitMs) {
      throw new MigrationLockTimeout(
        `A migration waited ${Math.round(waitedMs / 1000)} s for a table that another session has locked, ` +
          'perhaps in a transaction that was left open. Nothing of it was applied. ' +
          'End that session (see pg_stat_activity) and start again.'
      )
    }
    if (waitedMs > STATEMENT_TIMEOUT_MS) {
      throw new MigrationLockTimeout(
        'Another instance has been migrating for half an hour. Check its session in pg_stat_activity and start again.'
      )
    }
    await pause(outcome === 'locked' ? PAUSE_MS / 6 : PAUSE_MS)
  }
}

/** `locked`: another instance is migrating. `table locked`: another session holds a lock on a table. */
type Outcome = 'applied' | 'already applied' | 'locked' | 'table locked'

async function tryMigration(db: Db, { hash, sql: statements }: Migration): Promise<Outcome> {
  try {
    return await db.transaction(async (tx) => {
      const [lock] = await executeRows<{ acquired: boolean }>(
        tx,
        sql`SELECT pg_try_advisory_xact_lock(${MIGRATION_LOCK}) AS acquired`
      )
      if (!lock?.acquired) {
        return 'locked'
      }
      if ((await appliedHashes(tx)).has(hash)) {
        return 'already applied'
      }
      for (const setting of [
        `lock_timeout = '${LOCK_TIMEOUT}'`,
        `statement_timeout = ${STATEMENT_TIMEOUT_MS}`
      ]) {
        await tx.execute(sql.raw(`SET LOCAL ${setting}`))
      }
      for (const statement of statements) {
        await tx.execute(sql.raw(statement))
      }
      await tx.execute(
        sql`ALTER TABLE schema_migrations ADD COLUMN IF NOT EXISTS expands boolean NOT NULL DEFAULT false`
      )
      await tx.execute(
        sql`INSERT INTO schema_migrations (hash, expands) VALUES (${hash}, ${onlyExpands(statements[0])})`
      )
      return 'applied'
    })
  } catch (error) {
    if (codeOf(error) !== '55P03') {
      throw error
    }
    return 'table locked'
  }
}

/** Returns true for a migration whose first line says that the previous release can run beside it (`-- expand`). */
export const onlyExpands = (text = ''): boolean => /^\s*-- expand\b/.test(text)

/** Counts the migrations that only a newer version knows, or throws SchemaAheadError. */
async function countAhead(db: Db, known: string[]): Promise<number> {
  const unknown = [...(await appliedHashes(db))].filter(([hash]) => !known.includes(hash))
  if (unknown.some(([, expands]) => !expands)) {
    throw new SchemaAheadError(
      'The database was migrated by a newer version of Tasklane. Start that version, or restore a backup.'
    )
  }
  return unknown.length
}

/** Returns the applied migrations: hash → whether it only adds. Old rows have no such column. */
async function appliedHashes(db: Db): Promise<Map<string, boolean>> {
  const rows = await executeRows<{ hash: string; expands: boolean }>(
    db,
    sql`
      SELECT hash, coalesce((to_jsonb(m) ->> 'expands')::boolean, false) AS expands
      FROM schema_migrations m`
  )
  return new Map(rows.map((row) => [row.hash, row.expands]))
}

const codeOf = (error: unknown): string | undefined =>
  (((error as Error).cause ?? error) as { code?: string }).code

/** `CREATE TABLE IF NOT EXISTS` is not atomic: one of two first starts may get 23505 or 42P07. */
function ignoreRace(error: unknown): void {
  if (codeOf(error) !== '23505' && codeOf(error) !== '42P07') {
    throw error
  }
}

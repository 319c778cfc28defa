import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { sql } from 'drizzle-orm'
import { readMigrationFiles } from 'drizzle-orm/migrator'
import type { Db } from './client.ts'
import { executeRows } from './rows.ts'

/** The database was migrated by a newer Tasklane, in a way that this one cannot live with. */
export class SchemaAheadError extends Error {
  override name = 'SchemaAheadError'
}

/** Somebody holds a lock that a migration needs. */
export class MigrationLockTimeout extends Error {
  override name = 'MigrationLockTimeout'
}

const FOLDER = fileURLToPath(new URL('../../drizzle', import.meta.url))
/** Any number will do, as long as every instance uses the same: 'tasklane' in hexadecimal digits of its first letters. */
const MIGRATION_LOCK = 0x7461736b
/** Whoever comes to a table after a migration waits behind it: for so long, while a request waits a second for its turn. */
const LOCK_TIMEOUT = '500ms'
/** And then has the table to themselves for so long. */
const PAUSE_MS = 1500
/** How long a table's holder is waited for in all: a deployment that stands still should say why within a minute or so. */
const PATIENCE_MS = 60_000
/** An index on a hundred million rows takes its time; what takes longer is not a step of a migration. */
const LONGEST_STATEMENT_MS = 30 * 60_000

/** `ahead`: how many migrations there are that only a newer version knows; they have added, and changed nothing. */
export interface Migrated {
  applied: number
  ahead: number
}
export interface MigrateOptions {
  folder?: string
  patienceMs?: number
}

/**
 * Applies what is missing from `drizzle/`, each migration in a transaction of its own and by one instance at a time, so
 * that several may start at once and one that dies leaves nothing half done. A table that is in use is waited for in
 * short tries, so that its users are not held up behind us; then `LockNotFree`. A migration of a newer version is no
 * obstacle if it says that it only adds (`-- expand`), so that the release before can be started beside it or go back
 * to; any other is `UnknownSchema`.
 */
export async function migrate(
  db: Db,
  { folder = FOLDER, patienceMs = PATIENCE_MS }: MigrateOptions = {}
): Promise<Migrated> {
  const migrations = readMigrationFiles({ migrationsFolder: folder })
  await db
    .execute(
      sql`create table if not exists schema_migrations (hash text primary key, applied_at timestamptz not null default now())`
    )
    .catch(ignoreRace)
  const ahead = await refuseUnknown(
    db,
    migrations.map((m) => m.hash)
  )
  let applied = 0
  for (const migration of migrations) {
    if (await applyOne(db, migration, patienceMs)) {
      applied++
    }
  }
  return { applied, ahead }
}

/** True when every migration this version knows has been applied. */
export async function isMigrated(db: Db): Promise<boolean> {
  const done = await appliedHashes(db)
  return readMigrationFiles({ migrationsFolder: FOLDER }).every((m) => done.has(m.hash))
}

interface Migration {
  hash: string
  sql: string[]
}

async function applyOne(db: Db, migration: Migration, patienceMs: number): Promise<boolean> {
  const startedAt = Date.now()
  for (;;) {
    const outcome = await tryOne(db, migration)
    if (typeof outcome === 'boolean') {
      return outcome
    }
    const waited = Date.now() - startedAt
    if (outcome === 'table is held' && waited > patienceMs) {
      throw new MigrationLockTimeout(
        `A migration waited ${Math.round(waited / 1000)} s for a table that another session holds, perhaps by a transaction that somebody left open. Nothing of it was applied. End that session (pg_stat_activity shows it) and start again.`
      )
    }
    if (waited > LONGEST_STATEMENT_MS) {
      throw new MigrationLockTimeout(
        'Another instance has been migrating for half an hour. Look at what it does (pg_stat_activity shows it) and start again.'
      )
    }
    await pause(outcome === 'somebody else is at it' ? PAUSE_MS / 6 : PAUSE_MS)
  }
}

async function tryOne(
  db: Db,
  { hash, sql: statements }: Migration
): Promise<boolean | 'somebody else is at it' | 'table is held'> {
  try {
    return await db.transaction(async (tx) => {
      const [lock] = await executeRows<{ is_ours: boolean }>(
        tx as unknown as Db,
        sql`select pg_try_advisory_xact_lock(${MIGRATION_LOCK}) as is_ours`
      )
      if (!lock?.is_ours) {
        return 'somebody else is at it'
      }
      if ((await appliedHashes(tx as unknown as Db)).has(hash)) {
        return false
      }
      for (const setting of [
        `lock_timeout = '${LOCK_TIMEOUT}'`,
        `statement_timeout = ${LONGEST_STATEMENT_MS}`
      ]) {
        await tx.execute(sql.raw(`set local ${setting}`))
      }
      for (const statement of statements) {
        await tx.execute(sql.raw(statement))
      }
      await tx.execute(
        sql`alter table schema_migrations add column if not exists expands boolean not null default false`
      )
      await tx.execute(
        sql`insert into schema_migrations (hash, expands) values (${hash}, ${onlyExpands(statements[0])})`
      )
      return true
    })
  } catch (error) {
    if (codeOf(error) !== '55P03') {
      throw error
    }
    return 'table is held'
  }
}

/** A migration says in its first line what it is to the release before: `-- expand` when that can go on beside it. */
export const onlyExpands = (text = ''): boolean => /^\s*-- expand\b/.test(text)

async function refuseUnknown(db: Db, known: string[]): Promise<number> {
  const unknown = [...(await appliedHashes(db))].filter(([hash]) => !known.includes(hash))
  if (unknown.some(([, expands]) => !expands)) {
    throw new SchemaAheadError(
      'The database was migrated by a newer version of Tasklane. Start that version, or restore a backup.'
    )
  }
  return unknown.length
}

/** Hash → whether it only adds. Before there was such a column, nothing was known to. */
async function appliedHashes(db: Db): Promise<Map<string, boolean>> {
  const rows = await executeRows<{ hash: string; expands: boolean }>(
    db,
    sql`select hash, coalesce((to_jsonb(m) ->> 'expands')::boolean, false) as expands from schema_migrations m`
  )
  return new Map(rows.map((row) => [row.hash, row.expands]))
}

const codeOf = (error: unknown): string | undefined =>
  (((error as Error).cause ?? error) as { code?: string }).code

/** `create table if not exists` is not atomic: of two first starts one may be told that the type exists already. */
function ignoreRace(error: unknown): void {
  if (codeOf(error) !== '23505' && codeOf(error) !== '42P07') {
    throw error
  }
}

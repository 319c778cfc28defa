import cluster from 'node:cluster'
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import type { Logger } from 'pino'
import { type Config, readConfig, SETTING_NAMES } from '../config.ts'
import type { Secrets } from '../core/secrets.ts'
import { checkServer } from '../db/check-server.ts'
import { type Database, type Db, openDatabase } from '../db/client.ts'
import { closeToOthers } from '../db/embedded/lock.ts'
import { databaseErrorReason } from '../db/error-reason.ts'
import { classifyDbError } from '../db/errors.ts'
import { grantToServingRole } from '../db/grants.ts'
import { type Migrated, migrate } from '../db/migrate.ts'
import { checkServingRole } from '../db/role-guard.ts'
import { executeRows } from '../db/rows.ts'
import type { StatementTracer } from '../db/tracing.ts'
import { nearestSetting } from '../lib/setting-names.ts'
import { CommandError } from './command-error.ts'
import { readEnvFile } from './env-file.ts'

const STARTUP_TIMEOUT_MS = 60_000
const DATABASE_RETRY_MS = 1000

export { CommandError }

/**
 * Reads the configuration from the environment and from `.env` in the working directory; the environment wins. Warns
 * of names in the environment that are nearly a setting.
 */
export function loadConfig(): Config {
  const { values, faults } = readEnvFile('.env')
  const config = readConfig({ ...values, ...process.env }, faults)
  if (cluster.isPrimary) {
    for (const warning of misspeltSettings(process.env)) {
      process.stderr.write(`${warning}\n`)
    }
  }
  return config
}

function misspeltSettings(env: NodeJS.ProcessEnv): string[] {
  const known = new Set(SETTING_NAMES)
  return Object.entries(env).flatMap(([name, value = '']) => {
    // Kubernetes tells every container where the services are: a service called tasklane is TASKLANE_PORT.
    const isIgnored = known.has(name) || value === '' || value.startsWith('tcp://')
    const meant = isIgnored ? undefined : nearestSetting(name, SETTING_NAMES)
    return meant === undefined
      ? []
      : [`Warning: the environment has ${name}, which is no setting; did you mean ${meant}?`]
  })
}

export function openConfiguredDatabase(config: Config, trace?: StatementTracer): Promise<Database> {
  return openDatabase({
    url: config.DATABASE_URL,
    dataDir: config.DATA_DIR,
    pool: config.DATABASE_POOL_SIZE,
    waitMs: config.DATABASE_POOL_TIMEOUT_MS,
    trace
  })
}

/**
 * Applies the missing migrations; on a server over a connection without timeouts, since building an index takes
 * long.
 */
export async function migrateConfigured(config: Config, database: Database): Promise<Migrated> {
  if (database.embedded) {
    return migrate(database.db)
  }
  // With a timeout, to detect a server that does not respond.
  await checkServer(database.db)
  const withoutTimeouts = await openForMigration(config)
  try {
    const migrated = await migrate(withoutTimeouts.db)
    if (config.DATABASE_MIGRATION_URL !== undefined) {
      await grantAccess(withoutTimeouts.db, database.db)
    }
    return migrated
  } catch (error) {
    // For the line that says what to correct.
    throw config.DATABASE_MIGRATION_URL === undefined
      ? error
      : Object.assign(error as Error, { setting: 'DATABASE_MIGRATION_URL' })
  } finally {
    await withoutTimeouts.close()
  }
}

/** Opens the server as the owner of the tables and without timeouts. */
export const openForMigration = (config: Config): Promise<Database> =>
  openDatabase({
    url: config.DATABASE_MIGRATION_URL ?? config.DATABASE_URL,
    dataDir: config.DATA_DIR,
    pool: 1,
    withoutTimeouts: true
  })

/** Gives the role of `serving` its rights in the tables of `owner`, which are in the same database. */
async function grantAccess(owner: Db, serving: Db): Promise<void> {
  const identify = sql`SELECT current_user AS role, current_database() AS database, current_schema() AS schema`
  const [[ours], [theirs]] = await Promise.all([
    executeRows<{ database: string }>(owner, identify),
    executeRows<{ role: string; database: string }>(serving, identify)
  ])
  if (ours?.database !== theirs?.database) {
    throw new CommandError('DATABASE_MIGRATION_URL and DATABASE_URL are not the same database.')
  }
  await grantToServingRole(owner, theirs?.role ?? '')
}

/** Migrates for a server or a worker. In production their role is checked first, and again on the tables. */
async function migrateGuarded(config: Config, database: Database): Promise<Migrated> {
  const isGuarded = config.isProduction && !database.embedded
  if (isGuarded) {
    await checkServingRole(database.db)
  }
  const migrated = await migrateConfigured(config, database)
  if (isGuarded) {
    await checkServingRole(database.db)
  }
  return migrated
}

/** Migrates the database and waits for one that is still starting; throws at once for any other error. */
export async function migrateWithRetry(
  config: Config,
  database: Database,
  logger: Logger
): Promise<void> {
  const giveUpAt = Date.now() + STARTUP_TIMEOUT_MS
  for (;;) {
    try {
      const { ahead } = await migrateGuarded(config, database)
      if (ahead > 0) {
        logger.warn(
          { ahead },
          'the database was migrated by a newer version, which has only added to it'
        )
      }
      return
    } catch (err) {
      if (classifyDbError(err) !== 'unavailable' || Date.now() > giveUpAt) {
        throw err
      }
      logger.warn({ reason: databaseErrorReason(err) }, 'waiting for the database')
      await pause(DATABASE_RETRY_MS)
    }
  }
}

/** Returns the signing secret and, during a rotation, the one that is still accepted. */
export function loadSecrets(config: Config): Secrets {
  const current = loadSecret(config)
  return config.JWT_SECRET_SECONDARY === undefined
    ? [current]
    : [current, config.JWT_SECRET_SECONDARY]
}

/** Returns the configured secret or, in development, one that is generated once and stored in the data directory. */
function loadSecret(config: Config): string {
  if (config.JWT_SECRET !== undefined) {
    return config.JWT_SECRET
  }
  const file = join(config.DATA_DIR, 'secret')
  closeToOthers(config.DATA_DIR)
  try {
    // Exclusive: of two first starts one creates the file and both read it.
    writeFileSync(file, randomBytes(48).toString('base64'), { mode: 0o600, flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw error
    }
  }
  return readFileSync(file, 'utf8')
}

import { join } from 'node:path'
import type { PGlite, PGliteOptions } from '@electric-sql/pglite'
import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core'
import type { QueueStats } from '../lib/concurrency-limit.ts'
import { lockDirectory } from './embedded/lock.ts'
import { ensureDatabase } from './embedded/template.ts'
import { connectionOptions } from './postgres-js/connection-options.ts'
import { assertDriverPatched } from './postgres-js/patches.ts'
import { type TimeoutOptions, withTimeouts } from './postgres-js/timeouts.ts'
import { type StatementTracer, traceStatements } from './tracing.ts'

/** A database or a transaction, whichever driver is behind it. Inside a transaction use only the transaction. */
export type Db = PgDatabase<PgQueryResultHKT>

/** An open database. `close` waits for running statements. */
export interface Database {
  db: Db
  embedded: boolean
  /** Statistics of the queues for a server's connections; the embedded database has none. */
  queueStats: Record<string, () => QueueStats>
  close(): Promise<void>
}

export interface DatabaseOptions {
  url?: string | undefined
  dataDir: string
  pool: number
  /** How long work may wait for a connection to a server before it is rejected. */
  waitMs?: number
  trace?: StatementTracer | undefined
  /**
   * For operators' commands: none of our timeouts apply, so that only the role's timeouts end a statement, and a
   * transaction may lift those.
   */
  withoutTimeouts?: boolean
}

const WAIT_MS = 1000
const CONNECT_SECONDS = 3
/**
 * Longer than any caller waits: a connection whose statement has had no response for this long is given up.
 */
const SILENCE_MS = 5000
/** A little more than the longest statement of a migration (migrate.ts). */
const MIGRATION_SILENCE_MS = 31 * 60_000
/**
 * A connection is replaced when it has prepared more statements than this: 80 kB of the server's memory each. What is
 * prepared by name stays far below it.
 */
const MAX_STATEMENTS = 250
/** At most half a second between attempts, to reconnect quickly (the driver's default grows to 20 s). */
const backoff = (attempt: number): number => Math.min(0.05 * 2 ** attempt, 0.5)

/** Opens PostgreSQL when a URL is given, else the embedded database. Loads only the driver that it uses. */
export function openDatabase(options: DatabaseOptions): Promise<Database> {
  return options.url === undefined
    ? openEmbedded(options.dataDir)
    : openServer(options.url, { waitMs: WAIT_MS, ...options })
}

async function openServer(
  url: string,
  {
    trace,
    withoutTimeouts,
    ...timeouts
  }: TimeoutOptions & Pick<DatabaseOptions, 'trace' | 'withoutTimeouts'>
): Promise<Database> {
  const { default: postgres } = await import('postgres')
  assertDriverPatched()
  const { drizzle } = await import('drizzle-orm/postgres-js')
  const client = postgres({
    ...connectionOptions(url),
    max: timeouts.pool,
    connect_timeout: CONNECT_SECONDS,
    backoff,
    idle_timeout: 30,
    max_lifetime: 1800,
    // Saves a round trip for the catalogue of types: every parameter's type is known or cast.
    fetch_types: false,
    // Operators' commands do not repeat statements; for the application pooler.ts decides.
    prepare: !withoutTimeouts,
    onnotice() {}
  })
  const close = () => client.end({ timeout: 5 })
  // Our own options, read by the patched driver (patches.ts).
  Object.assign(client.options, {
    silence_ms: withoutTimeouts ? MIGRATION_SILENCE_MS : SILENCE_MS,
    max_statements: MAX_STATEMENTS
  })
  if (withoutTimeouts) {
    return { db: drizzle(client), embedded: false, queueStats: {}, close }
  }
  const { client: limited, queueStats } = withTimeouts(client, timeouts)
  return {
    db: drizzle(trace ? traceStatements(limited, trace) : limited),
    embedded: false,
    queueStats,
    close
  }
}

async function openEmbedded(dataDir: string): Promise<Database> {
  const release = lockDirectory(dataDir)
  try {
    const directory = join(dataDir, 'database')
    await ensureDatabase(directory)
    return await embedded(await createPglite({ dataDir: directory }), release)
  } catch (error) {
    release()
    throw error
  }
}

/** Creates a PGlite with the extensions that the migrations use; a server brings its own. */
export async function createPglite(options: PGliteOptions): Promise<PGlite> {
  const [{ PGlite }, { btree_gin }] = await Promise.all([
    import('@electric-sql/pglite'),
    import('@electric-sql/pglite/contrib/btree_gin')
  ])
  return PGlite.create({ ...options, extensions: { btree_gin } })
}

/** Wraps an open PGlite as the embedded database. */
export async function embedded(pglite: PGlite, release: () => void = () => {}): Promise<Database> {
  const { drizzle } = await import('drizzle-orm/pglite')
  await pglite.exec("SET TIME ZONE 'UTC'; SET datestyle = 'ISO'")
  const close = async () => {
    await pglite.close()
    release()
  }
  return { db: drizzle({ client: pglite }), embedded: true, queueStats: {}, close }
}
